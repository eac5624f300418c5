/** How the map looks: layers of the region's own tiles, for day and night. */
import type { LayerSpecification, StyleSpecification, ExpressionSpecification } from "maplibre-gl";
import type { Theme } from "../shared/look.svelte";

interface Palette {
  land: string; water: string; green: string; built: string; special: string; road: string; casing: string; major: string; minor: string;
  text: string; halo: string; rail: string; boundary: string; waterText: string;
}

const PALETTES: Record<Theme, Palette> = {
  light: {
    land: "#f2f1ec", water: "#b5d8e8", green: "#d9e8cf", built: "#e9e5dc", special: "#ece2ea", road: "#ffffff", casing: "#c3bfb3", major: "#f8d79b",
    minor: "#ffffff", text: "#3a4441", halo: "#ffffff", rail: "#a9a59b", boundary: "#8d7ca3", waterText: "#2f6f8f",
  },
  dark: {
    land: "#121a1a", water: "#16323f", green: "#18261c", built: "#1a2221", special: "#211f28", road: "#3a4645", casing: "#0b1010", major: "#6d5c34",
    minor: "#2f3a39", text: "#b9c7c3", halo: "#0b1010", rail: "#4b5351", boundary: "#6d5f85", waterText: "#7fb5cf",
  },
};

export const FONT = ["Noto Sans Variable"];
const byZoom = (...stops: number[]): ExpressionSpecification => ["interpolate", ["exponential", 1.5], ["zoom"], ...stops] as unknown as ExpressionSpecification;
const isClass = (...names: string[]): ExpressionSpecification => ["match", ["get", "class"], names, true, false];

interface RoadLook { names: string[]; colour: keyof Palette; widths: number[]; from: number; casing: boolean }

const ROADS: RoadLook[] = [
  { names: ["path", "pedestrian", "track"], colour: "casing", widths: [14, 0.6, 18, 3], from: 14, casing: false },
  { names: ["service"], colour: "minor", widths: [13, 0.6, 16, 3, 18, 8], from: 13, casing: true },
  { names: ["residential"], colour: "minor", widths: [12, 0.6, 14, 2, 16, 7, 18, 16], from: 12, casing: true },
  { names: ["tertiary"], colour: "road", widths: [10, 0.6, 13, 2.4, 16, 9, 18, 20], from: 10, casing: true },
  { names: ["secondary"], colour: "road", widths: [8, 0.6, 12, 2.6, 16, 11, 18, 24], from: 8, casing: true },
  { names: ["primary", "trunk"], colour: "major", widths: [6, 0.7, 12, 3.2, 16, 13, 18, 28], from: 5, casing: true },
  { names: ["motorway"], colour: "major", widths: [5, 0.8, 12, 3.6, 16, 14, 18, 30], from: 4, casing: true },
];

function roads(p: Palette): LayerSpecification[] {
  const lines: LayerSpecification[] = [];
  for (const look of ROADS.filter((one) => one.casing)) {
    lines.push({
      id: `casing-${look.names[0]}`, type: "line", source: "region", "source-layer": "roads", minzoom: Math.max(look.from, 11), filter: isClass(...look.names),
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": p.casing, "line-width": byZoom(...look.widths.map((value, at) => (at % 2 === 0 ? value : value + 1.6))) },
    });
  }
  for (const look of ROADS) {
    lines.push({
      id: `road-${look.names[0]}`, type: "line", source: "region", "source-layer": "roads", minzoom: look.from, filter: isClass(...look.names),
      layout: { "line-cap": "round", "line-join": "round" },
      paint: {
        "line-color": p[look.colour], "line-width": byZoom(...look.widths),
        ...(look.casing ? {} : { "line-dasharray": [2, 1.5] }),
      },
    });
  }
  return lines;
}

function labels(p: Palette): LayerSpecification[] {
  const paint = { "text-color": p.text, "text-halo-color": p.halo, "text-halo-width": 1.4 };
  return [
    {
      id: "street-names", type: "symbol", source: "region", "source-layer": "roads", minzoom: 13, filter: ["has", "name"],
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": byZoom(13, 10, 18, 14), "symbol-spacing": 320, "text-padding": 6 },
      paint,
    },
    {
      id: "water-names", type: "symbol", source: "region", "source-layer": "waterways", minzoom: 13, filter: ["has", "name"],
      layout: { "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": 11 },
      paint: { "text-color": p.waterText, "text-halo-color": p.halo, "text-halo-width": 1.2 },
    },
    {
      id: "places", type: "symbol", source: "region", "source-layer": "places", maxzoom: 16,
      layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": byZoom(8, 11, 14, 15), "symbol-sort-key": ["coalesce", ["get", "rank"], 9], "text-padding": 8, "text-max-width": 8 },
      paint,
    },
  ];
}

/** The style of a region's map. `tiles`: the address of its TileJSON. */
export function regionStyle(tiles: string, theme: Theme): StyleSpecification {
  const p = PALETTES[theme];
  return {
    version: 8,
    sources: { region: { type: "vector", url: tiles } },
    layers: [
      { id: "land", type: "background", paint: { "background-color": p.land } },
      {
        id: "landuse", type: "fill", source: "region", "source-layer": "landuse",
        paint: {
          "fill-color": [
            "match", ["get", "class"],
            ["forest", "wood", "park", "grass", "farmland", "paddy", "meadow", "orchard", "recreation_ground", "garden", "scrub", "cemetery", "village_green", "pitch"], p.green,
            ["residential", "commercial", "retail", "industrial", "construction", "brownfield"], p.built,
            p.special,
          ],
        },
      },
      { id: "water", type: "fill", source: "region", "source-layer": "water", paint: { "fill-color": p.water } },
      { id: "waterways", type: "line", source: "region", "source-layer": "waterways", paint: { "line-color": p.water, "line-width": byZoom(10, 0.6, 14, 2, 18, 7) } },
      { id: "boundaries", type: "line", source: "region", "source-layer": "boundaries", paint: { "line-color": p.boundary, "line-width": 1, "line-dasharray": [4, 3], "line-opacity": 0.7 } },
      ...roads(p),
      { id: "railways", type: "line", source: "region", "source-layer": "railways", minzoom: 11, paint: { "line-color": p.rail, "line-width": byZoom(11, 0.8, 16, 2.5), "line-dasharray": [3, 2] } },
      ...labels(p),
    ],
  };
}
