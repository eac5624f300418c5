/** Names beside signs on a canvas: each is written once and kept as a picture, since writing is what takes long. */
const SIZE_PX = 11.5;
const LINE_PX = 13.5;
const PAD_PX = 3;
/** Beyond so many kept pictures those of long ago are let go. */
const KEPT = 1_500;

export interface Box { left: number; top: number; right: number; bottom: number }
export interface Ink { text: string; ground: string }

export class Labels {
  #kept = new Map<string, HTMLCanvasElement>();
  #placed: Box[] = [];

  /** Before a picture: what names must not cover. */
  begin(taken: Box[]): void {
    this.#placed = taken;
  }

  /** Writes lines below a point, unless something stands there already; whether it did. */
  write(draw: CanvasRenderingContext2D, lines: readonly string[], x: number, y: number, ink: Ink, scale: number): boolean {
    const image = this.#image(lines, ink, scale);
    const width = image.width / scale;
    const box = { left: x - width / 2, top: y, right: x + width / 2, bottom: y + image.height / scale };
    if (this.#placed.some((one) => one.left < box.right && box.left < one.right && one.top < box.bottom && box.top < one.bottom)) return false;
    this.#placed.push(box);
    draw.drawImage(image, Math.round(box.left * scale) / scale, Math.round(box.top * scale) / scale, width, image.height / scale);
    return true;
  }

  #image(lines: readonly string[], ink: Ink, scale: number): HTMLCanvasElement {
    const key = `${lines.join("\n")}\0${ink.text}\0${scale}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    if (this.#kept.size >= KEPT) this.#kept.clear();
    const made = written(lines, ink, scale);
    this.#kept.set(key, made);
    return made;
  }
}

function written(lines: readonly string[], ink: Ink, scale: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const draw = canvas.getContext("2d");
  if (draw === null) throw new Error("no 2d canvas");
  const font = `${SIZE_PX}px ${getComputedStyle(document.documentElement).getPropertyValue("--font")}`;
  draw.font = font;
  const width = Math.max(...lines.map((one) => draw.measureText(one).width)) + 2 * PAD_PX;
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil((lines.length * LINE_PX + 1) * scale);
  draw.scale(scale, scale);
  draw.fillStyle = ink.ground;
  draw.beginPath();
  draw.roundRect(0, 0, width, lines.length * LINE_PX + 1, 3);
  draw.fill();
  draw.font = font;
  draw.textAlign = "center";
  draw.textBaseline = "middle";
  draw.fillStyle = ink.text;
  lines.forEach((one, at) => draw.fillText(one, width / 2, (at + 0.5) * LINE_PX + 1));
  return canvas;
}
