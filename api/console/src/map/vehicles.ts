/**
 * Vehicles on the map: they glide from fix to fix, and fade as their last fix ages. Where many stand close together a cluster
 * takes the colour of its worst member. They are drawn on a sheet of their own over the map: as they move every second, the map
 * below need not be drawn anew, which without a graphics card takes ten times as long.
 */
import { MercatorCoordinate, type Map as MapLibre } from "maplibre-gl";
import type { Theme } from "../shared/look.svelte";
import type { StatusName } from "../shared/shapes";
import { gather } from "./clusters";
import { Glides } from "./glide";
import { STATUS_RANK, STATUS_SIGN, stamp } from "./icons";
import { Labels, type Box, type Ink } from "./labels";

export interface Shown {
  id: string;
  name: string;
  status: StatusName;
  statusText: string;
  longitude: number;
  latitude: number;
  /** Of the last fix, milliseconds; null: where it is is not known, it is drawn at its base. */
  fixTime: number | null;
}

/** A vehicle as it was drawn: where on the page, and how faint. */
export interface DrawnVehicle { id: string; status: StatusName; fade: number; x: number; y: number }
export interface DrawnCluster { count: number; worst: StatusName; x: number; y: number }
export interface Picture { vehicles: DrawnVehicle[]; clusters: DrawnCluster[] }

const FADED = 0.35;
/** A position so many times older than what counts as "now" is drawn as faint as it gets. */
const FADES_IN = 8;
/** Of the time between drawings, drawing may take this share, and showing what was drawn that one: the rest is for whoever works. */
const SHARE = 0.25;
const SHOWING_SHARE = 0.5;
const FASTEST_MS = 33;
/** Frames that come further apart than that were not waited for: the page was out of sight. */
const AWAY_MS = 1_000;
/** Of the last frame in the running mean. */
const WEIGHT = 0.2;

const CLUSTERED_TO = 13;
const CLUSTER_PX = 26;
const TILE_PX = 512;
const NAMES_FROM = 12;
const WORDS_FROM = 14;
const NEAR_PX = 15;
/** What stands so far outside is not drawn. */
const MARGIN_PX = 60;
const INK: Record<Theme, Ink> = {
  light: { text: "#14211e", ground: "rgb(255 255 255 / 0.85)" },
  dark: { text: "#f2f7f5", ground: "rgb(11 16 16 / 0.8)" },
};

type Placed = Shown & { rank: number; x: number; y: number; at: [number, number] };

export class VehicleLayer {
  /** What was drawn last. */
  picture: Picture = { vehicles: [], clusters: [] };
  readonly #glides = new Glides(() => matchMedia("(prefers-reduced-motion: reduce)").matches);
  readonly #labels = new Labels();
  readonly #canvas = document.createElement("canvas");
  readonly #draw2d: CanvasRenderingContext2D;
  readonly #stamps = new Map<StatusName, HTMLCanvasElement>();
  readonly #redraw = (): void => this.draw();
  #shown: Shown[] = [];
  #pins: [number, number][] = [];
  #looks = "";
  #frame = 0;
  #next = 0;
  /** When the last frame came, while something moves; and how far frames are apart then, milliseconds. */
  #last: number | null = null;
  #apart = 0;

  constructor(
    private readonly map: MapLibre,
    private readonly nowSeconds: number,
    private readonly serviceNow: () => number,
    private readonly theme: () => Theme,
  ) {
    const draw = this.#canvas.getContext("2d");
    if (draw === null) throw new Error("no 2d canvas");
    this.#draw2d = draw;
    Object.assign(this.#canvas.style, { position: "absolute", left: "0", top: "0", pointerEvents: "none" });
    this.#canvas.setAttribute("aria-hidden", "true"); // the same stands in the list of the fleet
    map.getCanvasContainer().append(this.#canvas);
    map.on("render", this.#redraw); // in the same picture as the map below, so that nothing swims when it is moved
    // Tests look at what is drawn, not at pixels.
    (window as { siagaVehicles?: VehicleLayer }).siagaVehicles = this;
  }

  /** What is to be seen now. */
  show(vehicles: Shown[]): void {
    const at = performance.now();
    for (const one of vehicles) this.#glides.go(one.id, one.longitude, one.latitude, at);
    if (vehicles.length < this.#shown.length) this.#glides.keep(new Set(vehicles.map((one) => one.id)));
    this.#shown = vehicles;
    this.#schedule();
  }

  /** Where something else stands on the map that no name may cover: cases, longitude and latitude. */
  keepClear(pins: [number, number][]): void {
    this.#pins = pins;
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.map.off("render", this.#redraw);
    this.#canvas.remove();
  }

  /** Everybody, and where they are at a time of this page, longitude and latitude. */
  spots(at: number): (Shown & { at: [number, number] })[] {
    return this.#shown.map((one) => ({ ...one, at: this.#glides.where(one.id, at) ?? [one.longitude, one.latitude] }));
  }

  /** What stands at a point of the map: a vehicle, or a cluster with its middle; null: neither. */
  hit(x: number, y: number): DrawnVehicle | DrawnCluster | null {
    const near = <T extends { x: number; y: number }>(all: T[]): T | undefined => all.findLast((one) => Math.hypot(one.x - x, one.y - y) <= NEAR_PX);
    return near(this.picture.vehicles) ?? near(this.picture.clusters) ?? null;
  }

  #schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame((at) => {
      this.#frame = 0;
      const moving = this.#glides.moving(at);
      if (this.#last !== null && at - this.#last < AWAY_MS) this.#apart += (at - this.#last - this.#apart) * WEIGHT;
      this.#last = moving ? at : null;
      if (at >= this.#next && (moving || this.#looks !== this.#looksNow())) this.draw();
      if (moving) this.#schedule();
    });
  }

  /** All that changes a picture but gliding and moving the map. */
  #looksNow(): string {
    const now = this.serviceNow();
    return `${this.theme()}|${this.#shown.map((one) => `${one.id}|${one.name}|${one.status}|${one.statusText}|${one.longitude}|${one.latitude}|${this.#fade(one, now)}`).join()}`;
  }

  /** Draws at once. */
  draw(): void {
    const begun = performance.now();
    this.#looks = this.#looksNow();
    const draw = this.#clean();
    const zoom = this.map.getZoom();
    const { clusters, alone } = this.#arranged(begun, zoom);
    const box = this.map.getContainer();
    const outside = ({ x, y }: { x: number; y: number }): boolean => x < -MARGIN_PX || y < -MARGIN_PX || x > box.clientWidth + MARGIN_PX || y > box.clientHeight + MARGIN_PX;
    const picture: Picture = { vehicles: [], clusters: [] };
    for (const one of clusters) {
      const { x, y } = this.map.project(one.at);
      if (outside({ x, y })) continue;
      cluster(draw, x, y, one.count, STATUS_SIGN[one.worst].fill);
      picture.clusters.push({ count: one.count, worst: one.worst, x, y });
    }
    const now = this.serviceNow();
    const size = Math.min(1.05, Math.max(0.7, 0.7 + ((zoom - 9) / 6) * 0.35));
    for (const one of alone) {
      const { x, y } = this.map.project(one.at);
      if (outside({ x, y })) continue;
      draw.globalAlpha = this.#fade(one, now);
      const image = this.#stamp(one.status);
      const side = (image.width / STAMP_SCALE) * size;
      draw.drawImage(image, x - side / 2, y - side / 2, side, side);
      picture.vehicles.push({ id: one.id, status: one.status, fade: draw.globalAlpha, x, y });
    }
    this.#name(draw, alone, picture.vehicles, zoom);
    draw.globalAlpha = 1;
    this.picture = picture;
    this.#next = begun + Math.max(FASTEST_MS, (performance.now() - begun) / SHARE, this.#apart / SHOWING_SHARE);
  }

  /** The sheet, as large as the map and empty. */
  #clean(): CanvasRenderingContext2D {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const scale = this.#scale;
    const [width, height] = [Math.round(clientWidth * scale), Math.round(clientHeight * scale)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      Object.assign(this.#canvas.style, { width: `${clientWidth}px`, height: `${clientHeight}px` });
    }
    this.#draw2d.setTransform(scale, 0, 0, scale, 0, 0);
    this.#draw2d.clearRect(0, 0, clientWidth, clientHeight);
    return this.#draw2d;
  }

  get #scale(): number {
    return Math.min(2, window.devicePixelRatio || 1);
  }

  /** Whoever stands alone, the worst last, and clusters: they depend on the whole zoom level only, so that zooming in does not shuffle them. */
  #arranged(at: number, zoom: number): { clusters: { at: [number, number]; count: number; worst: StatusName }[]; alone: Placed[] } {
    const level = Math.floor(zoom);
    const world = TILE_PX * 2 ** level;
    const placed = this.spots(at).map((one): Placed => {
      const { x, y } = MercatorCoordinate.fromLngLat(one.at);
      return { ...one, rank: STATUS_RANK[one.status], x: x * world, y: y * world };
    });
    const { clusters, alone } = level > CLUSTERED_TO ? { clusters: [], alone: placed } : gather(placed, CLUSTER_PX);
    const there = (x: number, y: number): [number, number] => new MercatorCoordinate(x / world, y / world).toLngLat().toArray() as [number, number];
    return {
      clusters: clusters.map((one) => ({ at: there(one.x, one.y), count: one.members.length, worst: one.worst.status })),
      alone: alone.sort((a, b) => a.rank - b.rank),
    };
  }

  /** Names, and near enough what they do; the worst first, where there is no room for all. */
  #name(draw: CanvasRenderingContext2D, alone: Placed[], drawn: DrawnVehicle[], zoom: number): void {
    if (zoom < NAMES_FROM) return;
    const named = new Map(alone.map((one) => [one.id, one]));
    const ink = INK[this.theme()];
    const pins = this.#pins.map((one) => this.map.project(one));
    this.#labels.begin([...drawn.map((one) => around(one, ICON_BOX)), ...pins.map((one) => around(one, PIN_BOX))]);
    for (const { id, fade, x, y } of drawn.toReversed()) {
      const one = named.get(id);
      if (one === undefined) continue;
      draw.globalAlpha = Math.max(0.6, fade);
      this.#labels.write(draw, zoom < WORDS_FROM ? [one.name] : [one.name, one.statusText], x, y + 13, ink, this.#scale);
    }
  }

  #stamp(status: StatusName): HTMLCanvasElement {
    let made = this.#stamps.get(status);
    if (made === undefined) this.#stamps.set(status, (made = stamp(STATUS_SIGN[status], STAMP_SCALE)));
    return made;
  }

  #fade(one: Shown, now: number): number {
    if (one.fixTime === null) return FADED;
    const age = (now - one.fixTime) / 1000 / this.nowSeconds;
    return age <= 1 ? 1 : Math.round(Math.max(FADED, 1 - ((age - 1) / FADES_IN) * (1 - FADED)) * 20) / 20;
  }
}

const STAMP_SCALE = 2;
/** What a sign and a pin take around their point, pixels. */
const ICON_BOX: Box = { left: -11, top: -11, right: 11, bottom: 11 };
const PIN_BOX: Box = { left: -13, top: -33, right: 13, bottom: 14 };
const around = ({ x, y }: { x: number; y: number }, box: Box): Box => ({ left: x + box.left, top: y + box.top, right: x + box.right, bottom: y + box.bottom });

function cluster(draw: CanvasRenderingContext2D, x: number, y: number, count: number, fill: string): void {
  draw.globalAlpha = 1;
  draw.beginPath();
  draw.arc(x, y, 14 + Math.min(10, count / 5), 0, 2 * Math.PI);
  draw.fillStyle = fill;
  draw.fill();
  draw.lineWidth = 2.5;
  draw.strokeStyle = "#ffffff";
  draw.stroke();
  draw.font = `600 13px ${getComputedStyle(document.documentElement).getPropertyValue("--font")}`;
  draw.textAlign = "center";
  draw.textBaseline = "middle";
  draw.lineWidth = 3;
  draw.strokeStyle = "rgb(0 0 0 / 0.6)";
  draw.strokeText(String(count), x, y + 1);
  draw.fillStyle = "#ffffff";
  draw.fillText(String(count), x, y + 1);
}
