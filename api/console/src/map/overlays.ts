/** What lies over the map besides vehicles: cases, the legs of a decision, facilities, road reports, what is being drawn. */
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { Theme } from "../shared/look.svelte";
import type { Case, Facility, PriorityName } from "../shared/shapes";
import { Drawn } from "./drawn";
import { facilityIcon, PRIORITY_RANK, PRIORITY_SIGN, UNKNOWN_SIGN } from "./icons";
import { FONT } from "./style";

type Collection = GeoJSON.FeatureCollection;
const collection = (features: GeoJSON.Feature[]): Collection => ({ type: "FeatureCollection", features });

const SOURCES = ["reports", "touched", "legs", "facilities", "cases", "marks", "drawing"] as const;
export type OverlayName = (typeof SOURCES)[number];

export class Overlays {
  #data = new Map<OverlayName, Collection>();
  readonly #drawn = new Drawn();

  constructor(
    private readonly map: MapLibre,
    private readonly theme: () => Theme,
  ) {}

  /** Adds sources and layers with what they hold; again after the style has changed. */
  add(): void {
    const { map } = this;
    for (const name of SOURCES) {
      if (map.getSource(name) !== undefined) continue;
      const clustered = name === "cases" ? { cluster: true, clusterRadius: 24, clusterMaxZoom: 13, clusterProperties: { worst: ["max", ["get", "rank"]] } } : {};
      map.addSource(name, { type: "geojson", data: this.#data.get(name) ?? collection([]), ...clustered });
    }
    const dark = this.theme() === "dark";
    const words = { "text-color": dark ? "#f2f7f5" : "#14211e", "text-halo-color": dark ? "#0b1010" : "#ffffff", "text-halo-width": 1.6 };
    const add = (layer: Parameters<MapLibre["addLayer"]>[0]) => {
      if (map.getLayer(layer.id) === undefined) map.addLayer(layer);
    };
    add({ id: "report-areas", type: "fill", source: "reports", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#c2222b", "fill-opacity": 0.15 } });
    add({
      id: "report-roads", type: "line", source: "reports", filter: ["==", ["geometry-type"], "LineString"],
      layout: { "line-cap": "butt" },
      paint: {
        "line-color": ["match", ["get", "effect"], "closed", "#c2222b", "#c77700"],
        "line-width": ["interpolate", ["linear"], ["zoom"], 10, 2.5, 16, 9], "line-dasharray": [1.2, 0.8],
        "line-opacity": ["case", ["==", ["get", "holds"], false], 0.35, 0.95],
      },
    });
    add({ id: "report-points", type: "circle", source: "reports", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 7, "circle-color": "#c2222b", "circle-stroke-color": "#ffffff", "circle-stroke-width": 2 } });
    add({ id: "touched-roads", type: "line", source: "touched", paint: { "line-color": "#c2222b", "line-width": 6, "line-opacity": 0.75 } });
    add({
      id: "leg-casings", type: "line", source: "legs", layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": dark ? "#0b1010" : "#ffffff", "line-width": 8.5, "line-opacity": 0.9 },
    });
    add({
      id: "legs-reach", type: "line", source: "legs", filter: ["==", ["get", "leg"], "reach"], layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": dark ? "#6fb1ff" : "#1767c2", "line-width": 4.5, "line-opacity": ["case", ["get", "chosen"], 1, 0.35] },
    });
    add({
      id: "legs-carry", type: "line", source: "legs", filter: ["==", ["get", "leg"], "carry"], layout: { "line-cap": "butt", "line-join": "round" },
      paint: { "line-color": dark ? "#ff9a9a" : "#b3171f", "line-width": 4.5, "line-dasharray": [2.2, 1.1], "line-opacity": ["case", ["get", "chosen"], 1, 0.35] },
    });
    add({
      id: "facilities", type: "symbol", source: "facilities",
      layout: {
        "icon-image": ["get", "icon"], "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.45, 14, 0.95], "icon-allow-overlap": ["step", ["zoom"], false, 13, true] as never,
        "text-field": ["step", ["zoom"], "", 13.5, ["get", "name"]], "text-font": FONT, "text-size": 11, "text-anchor": "top", "text-offset": [0, 0.9], "text-optional": true, "text-max-width": 9,
        "symbol-sort-key": ["get", "order"],
      },
      paint: { ...words, "icon-opacity": ["case", ["get", "shut"], 0.45, 1] },
    });
    const colours = Object.entries(PRIORITY_RANK).flatMap(([name, rank]) => [rank, PRIORITY_SIGN[name as PriorityName].fill]);
    add({
      id: "case-clusters", type: "circle", source: "cases", filter: ["has", "point_count"],
      paint: { "circle-color": ["match", ["get", "worst"], ...colours, UNKNOWN_SIGN.fill] as never, "circle-radius": 15, "circle-stroke-color": "#ffffff", "circle-stroke-width": 3 },
    });
    add({
      id: "case-cluster-counts", type: "symbol", source: "cases", filter: ["has", "point_count"],
      layout: { "text-field": ["get", "point_count_abbreviated"], "text-font": FONT, "text-size": 13, "text-allow-overlap": true },
      paint: { "text-color": "#ffffff", "text-halo-color": "rgba(0,0,0,0.6)", "text-halo-width": 1 },
    });
    add({
      id: "cases", type: "symbol", source: "cases", filter: ["!", ["has", "point_count"]],
      layout: {
        "icon-image": ["concat", "priority-", ["get", "priority"]], "icon-size": ["case", ["get", "open"], 1.3, 0.9], "icon-anchor": "bottom", "icon-allow-overlap": true,
        "text-field": ["step", ["zoom"], "", 13, ["get", "short"]], "text-font": FONT, "text-size": 11, "text-anchor": "top", "text-offset": [0, 0.15], "text-optional": true,
      },
      paint: words,
    });
    add({ id: "marks-halo", type: "circle", source: "marks", paint: { "circle-radius": 13, "circle-color": "#0b57d0", "circle-opacity": 0.2 } });
    add({ id: "marks", type: "circle", source: "marks", paint: { "circle-radius": 6, "circle-color": "#0b57d0", "circle-stroke-color": "#ffffff", "circle-stroke-width": 2.5 } });
    add({ id: "drawing-area", type: "fill", source: "drawing", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#c77700", "fill-opacity": 0.25 } });
    add({ id: "drawing-line", type: "line", source: "drawing", paint: { "line-color": "#c77700", "line-width": 4 } });
    add({ id: "drawing-points", type: "circle", source: "drawing", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 5, "circle-color": "#ffffff", "circle-stroke-color": "#c77700", "circle-stroke-width": 3 } });
  }

  /** Shows features in one of the overlays. */
  set(name: OverlayName, features: GeoJSON.Feature[]): void {
    const data = collection(features);
    this.#data.set(name, data);
    const source = this.map.getSource<GeoJSONSource>(name);
    if (source !== undefined) this.#drawn.draw(source, data);
  }
}

const point = (longitude: number, latitude: number, properties: Record<string, unknown>): GeoJSON.Feature => ({
  type: "Feature", geometry: { type: "Point", coordinates: [longitude, latitude] }, properties,
});

/** Cases where they are coarsely; the open one exactly, once that has been read. */
export function caseFeatures(cases: Iterable<Case>, open: string | null, exact: [number, number] | null): GeoJSON.Feature[] {
  const found = [];
  for (const one of cases) {
    const at = one.id === open && exact !== null ? exact : one.near;
    if (at === null) continue;
    const priority = one.priority ?? "unknown";
    found.push(point(at[0], at[1], { id: one.id, priority, rank: one.priority === null ? 4 : PRIORITY_RANK[one.priority], open: one.id === open, short: one.id.slice(-3) }));
  }
  return found;
}

const ORDER = ["hospital", "puskesmas", "clinic"];

/** Facilities with what is claimed of them as a whole. */
export function facilityFeatures(facilities: Iterable<Facility>): GeoJSON.Feature[] {
  const found = [];
  for (const one of facilities) {
    const whole = one.claims.find((claim) => claim.capability === null);
    const shut = whole !== undefined && whole.state !== "open";
    const order = ORDER.indexOf(one.kind);
    found.push(point(one.longitude, one.latitude, { id: one.id, name: one.name, kind: one.kind, icon: facilityIcon(one.kind), shut, order: order < 0 ? ORDER.length : order }));
  }
  return found;
}

export const markFeature = (longitude: number, latitude: number): GeoJSON.Feature => point(longitude, latitude, {});
