/**
 * Signs for vehicles, cases and facilities. A status is a colour and a shape; the word stands beside it. The same shapes are
 * drawn on the map and in lists.
 */
import type { Map as MapLibre } from "maplibre-gl";
import type { PriorityName, StatusName } from "../shared/shapes";

export type Shape = "circle" | "diamond" | "triangle" | "square" | "house" | "hexagon" | "bars" | "cross" | "ring" | "octagon";
export interface Sign { shape: Shape; fill: string; ink: string }

export const STATUS_SIGN: Record<StatusName, Sign> = {
  standby: { shape: "circle", fill: "#1d8a43", ink: "#ffffff" },
  returning: { shape: "ring", fill: "#1d8a43", ink: "#ffffff" },
  assigned: { shape: "diamond", fill: "#f2b233", ink: "#241800" },
  en_route: { shape: "triangle", fill: "#1767c2", ink: "#ffffff" },
  at_scene: { shape: "square", fill: "#7a3fb0", ink: "#ffffff" },
  carrying: { shape: "house", fill: "#c2222b", ink: "#ffffff" },
  at_facility: { shape: "hexagon", fill: "#0f7f86", ink: "#ffffff" },
  escorting: { shape: "hexagon", fill: "#0f7f86", ink: "#ffffff" },
  on_break: { shape: "bars", fill: "#68737d", ink: "#ffffff" },
  broken: { shape: "cross", fill: "#23282d", ink: "#ffffff" },
};

/** How bad it is for the fleet, for what a cluster shows: its worst member. */
export const STATUS_RANK: Record<StatusName, number> = {
  standby: 0, returning: 1, on_break: 2, at_facility: 3, escorting: 3, at_scene: 4, carrying: 5, en_route: 6, assigned: 7, broken: 8,
};

export const PRIORITY_SIGN: Record<PriorityName, Sign> = {
  red: { shape: "octagon", fill: "#c2222b", ink: "#ffffff" },
  yellow: { shape: "triangle", fill: "#f2b233", ink: "#241800" },
  green: { shape: "circle", fill: "#1d8a43", ink: "#ffffff" },
  black: { shape: "square", fill: "#23282d", ink: "#ffffff" },
};
export const UNKNOWN_SIGN: Sign = { shape: "diamond", fill: "#68737d", ink: "#ffffff" };
export const PRIORITY_RANK: Record<PriorityName, number> = { black: 0, green: 1, yellow: 2, red: 3 };

const turn = (corners: number, radius: number, from: number): [number, number][] =>
  Array.from({ length: corners }, (_, at) => {
    const angle = ((from + (360 / corners) * at) * Math.PI) / 180;
    return [12 + radius * Math.cos(angle), 12 + radius * Math.sin(angle)];
  });

const outline = (points: [number, number][]): string => `M${points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}Z`;
const round = (radius: number): string => `M${12 - radius} 12a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;

/** The outline of a shape in a box of 24 by 24, as SVG writes paths. */
export const PATHS: Record<Shape, string> = {
  circle: round(9),
  ring: round(9),
  diamond: outline(turn(4, 10.5, 0)),
  triangle: outline([[12, 2.5], [22, 20], [2, 20]]),
  square: outline([[3.5, 3.5], [20.5, 3.5], [20.5, 20.5], [3.5, 20.5]]),
  house: outline([[12, 2], [21.5, 10], [21.5, 21], [2.5, 21], [2.5, 10]]),
  hexagon: outline(turn(6, 10.5, 0)),
  octagon: outline(turn(8, 10.5, 22.5)),
  bars: outline([[2.5, 5], [21.5, 5], [21.5, 19], [2.5, 19]]),
  cross: round(9.5),
};

/** What is drawn inside a shape, in lines, where the outline alone is not enough. */
export const MARKS: Partial<Record<Shape, string>> = {
  ring: "M8 12h8M12 8l-4 4 4 4",
  bars: "M9.5 8.5v7M14.5 8.5v7",
  cross: "M8 8l8 8M16 8l-8 8",
  octagon: "M12 7v6M12 16.2v.6",
  triangle: "M12 9v5M12 16.9v.4",
  house: "M12 10v8M8 14h8",
  hexagon: "M12 8v8M8 12h8",
};

const SIZE = 24;

/** A sign as a picture of 28 by 28, for the map; `scale`: pixels per unit. */
export function stamp(sign: Sign, scale: number): HTMLCanvasElement {
  const size = (SIZE + 4) * scale;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const draw = canvas.getContext("2d");
  if (draw === null) throw new Error("no 2d canvas");
  draw.scale(scale, scale);
  draw.translate(2, 2);
  const path = new Path2D(PATHS[sign.shape]);
  draw.lineJoin = "round";
  draw.lineCap = "round";
  draw.strokeStyle = "#ffffff";
  draw.lineWidth = 3.5;
  draw.stroke(path);
  draw.fillStyle = sign.fill;
  draw.fill(path);
  draw.strokeStyle = "rgb(0 0 0 / 0.55)";
  draw.lineWidth = 1;
  draw.stroke(path);
  const mark = MARKS[sign.shape];
  if (mark !== undefined) {
    draw.strokeStyle = sign.ink;
    draw.lineWidth = 2.4;
    draw.stroke(new Path2D(mark));
  }
  return canvas;
}

const PIN_WIDTH = 28;
const PIN_HEIGHT = 36;
const PIN = "M14 1.5a12 12 0 0 1 12 12c0 8-9 13.5-12 21c-3-7.5-12-13-12-21a12 12 0 0 1 12-12Z";

/** A case on the map: a pin, so that nobody takes it for a vehicle; what stands in it is the sign of its priority. */
function pin(sign: Sign, scale: number): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = PIN_WIDTH * scale;
  canvas.height = PIN_HEIGHT * scale;
  const draw = canvas.getContext("2d");
  if (draw === null) throw new Error("no 2d canvas");
  draw.scale(scale, scale);
  const outline = new Path2D(PIN);
  draw.fillStyle = "#ffffff";
  draw.fill(outline);
  draw.strokeStyle = sign.fill;
  draw.lineWidth = 2.5;
  draw.lineJoin = draw.lineCap = "round";
  draw.stroke(outline);
  draw.translate(14 - 12 * 0.72, 13.5 - 12 * 0.72);
  draw.scale(0.72, 0.72);
  draw.fillStyle = sign.fill;
  draw.fill(new Path2D(PATHS[sign.shape]));
  const mark = MARKS[sign.shape];
  if (mark !== undefined) {
    draw.strokeStyle = sign.ink;
    draw.lineWidth = 2.6;
    draw.stroke(new Path2D(mark));
  }
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}

interface FacilityMark { ink: string; lines: string }

/** What stands in the square of a facility: a cross where people are treated, a roof where they are sheltered, a dot elsewhere. */
const FACILITY_MARKS: Record<string, FacilityMark> = {
  "facility-care": { ink: "#c2222b", lines: "M10 5.5v9M5.5 10h9" },
  "facility-social": { ink: "#7a3fb0", lines: "M5 11l5-5l5 5M7 10.5v4h6v-4" },
  "facility-other": { ink: "#5a6670", lines: "M10 9.8v.4" },
};
const CARE = new Set(["hospital", "maternity_hospital", "specialist_hospital", "puskesmas", "clinic", "doctor", "midwife", "maternity_home"]);
const SOCIAL = new Set(["shelter", "care_home"]);

/** Which of them a kind of facility gets. */
export const facilityIcon = (kind: string): string => (CARE.has(kind) ? "facility-care" : SOCIAL.has(kind) ? "facility-social" : "facility-other");

/** Puts signs on a map: "priority-<priority>", "facility-<care, social or other>". */
export function addSigns(map: MapLibre): void {
  const scale = 2;
  for (const [name, sign] of [...Object.entries(PRIORITY_SIGN), ["unknown", UNKNOWN_SIGN] as const]) {
    if (!map.hasImage(`priority-${name}`)) map.addImage(`priority-${name}`, pin(sign, scale), { pixelRatio: scale });
  }
  for (const [name, mark] of Object.entries(FACILITY_MARKS)) {
    if (!map.hasImage(name)) map.addImage(name, facility(mark, scale), { pixelRatio: scale });
  }
}

function facility(mark: FacilityMark, scale: number): ImageData {
  const size = 20 * scale;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const draw = canvas.getContext("2d");
  if (draw === null) throw new Error("no 2d canvas");
  draw.scale(scale, scale);
  draw.fillStyle = "#ffffff";
  draw.strokeStyle = mark.ink;
  draw.lineCap = "round";
  draw.lineJoin = "round";
  draw.lineWidth = 1.5;
  draw.beginPath();
  draw.roundRect(2, 2, 16, 16, 4);
  draw.fill();
  draw.stroke();
  draw.lineWidth = 2.8;
  draw.stroke(new Path2D(mark.lines));
  return draw.getImageData(0, 0, size, size);
}
