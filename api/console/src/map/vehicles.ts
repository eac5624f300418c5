/**
 * Vehicles on the map: they glide from fix to fix, and fade as their last fix ages. Where many stand close together a cluster
 * takes the colour of its worst member.
 */
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { StatusName } from "../shared/shapes";
import { STATUS_RANK, STATUS_SIGN } from "./icons";
import { FONT } from "./style";

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

const GLIDE_MS = 1_200;
const FADED = 0.35;
/** A position so many times older than what counts as "now" is drawn as faint as it gets. */
const FADES_IN = 8;
/** Of the time between drawings, drawing may take this share. */
const SHARE = 0.25;
const FASTEST_MS = 66;

interface Glide { fromX: number; fromY: number; toX: number; toY: number; began: number }

const empty = (): GeoJSON.FeatureCollection => ({ type: "FeatureCollection", features: [] });

export class VehicleLayer {
  #glides = new Map<string, Glide>();
  #shown: Shown[] = [];
  #frame = 0;
  #next = 0;
  /** Milliseconds that the last drawing took in this thread. */
  cost = 0;

  constructor(
    private readonly map: MapLibre,
    private readonly nowSeconds: number,
    private readonly serviceNow: () => number,
    private readonly theme: () => "light" | "dark",
  ) {}

  /** Adds source and layers; again after the style has changed. */
  add(): void {
    const { map } = this;
    if (map.getSource("vehicles") !== undefined) return;
    map.addSource("vehicles", {
      type: "geojson", data: empty(), cluster: true, clusterRadius: 26, clusterMaxZoom: 13, maxzoom: 16, buffer: 32,
      clusterProperties: { worst: ["max", ["get", "rank"]] },
    });
    const colours = Object.entries(STATUS_RANK).flatMap(([status, rank]) => [rank, STATUS_SIGN[status as StatusName].fill]);
    map.addLayer({
      id: "vehicle-clusters", type: "circle", source: "vehicles", filter: ["has", "point_count"],
      paint: {
        "circle-color": ["match", ["get", "worst"], ...unique(colours), "#68737d"] as never,
        "circle-radius": ["interpolate", ["linear"], ["get", "point_count"], 2, 14, 50, 24],
        "circle-stroke-color": "#ffffff", "circle-stroke-width": 2.5,
      },
    });
    map.addLayer({
      id: "vehicle-cluster-counts", type: "symbol", source: "vehicles", filter: ["has", "point_count"],
      layout: { "text-field": ["get", "point_count_abbreviated"], "text-font": FONT, "text-size": 13, "text-allow-overlap": true },
      paint: { "text-color": "#ffffff", "text-halo-color": "rgba(0,0,0,0.6)", "text-halo-width": 1 },
    });
    map.addLayer({
      id: "vehicles", type: "symbol", source: "vehicles", filter: ["!", ["has", "point_count"]],
      layout: {
        "icon-image": ["concat", "status-", ["get", "status"]], "icon-size": ["interpolate", ["linear"], ["zoom"], 9, 0.7, 15, 1.05],
        "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["get", "rank"],
        "text-field": ["step", ["zoom"], "", 12, ["get", "name"], 14, ["concat", ["get", "name"], "\n", ["get", "word"]]],
        "text-font": FONT, "text-size": 11.5, "text-anchor": "top", "text-offset": [0, 1.15], "text-optional": true, "text-line-height": 1.15,
      },
      paint: {
        "icon-opacity": ["get", "fade"], "text-opacity": ["get", "fade"],
        "text-color": this.theme() === "dark" ? "#f2f7f5" : "#14211e", "text-halo-color": this.theme() === "dark" ? "#0b1010" : "#ffffff", "text-halo-width": 1.6,
      },
    });
    this.draw();
  }

  /** What is to be seen now. */
  show(vehicles: Shown[]): void {
    const at = performance.now();
    for (const one of vehicles) {
      const old = this.#glides.get(one.id);
      if (old !== undefined && old.toX === one.longitude && old.toY === one.latitude) continue;
      const from = old === undefined ? [one.longitude, one.latitude] : where(old, at);
      const far = Math.hypot((from[0] ?? 0) - one.longitude, (from[1] ?? 0) - one.latitude) > 0.03; // it was lost meanwhile: it jumps
      this.#glides.set(one.id, {
        fromX: far ? one.longitude : (from[0] ?? one.longitude), fromY: far ? one.latitude : (from[1] ?? one.latitude),
        toX: one.longitude, toY: one.latitude, began: at,
      });
    }
    this.#shown = vehicles;
    this.#schedule();
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }

  #schedule(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame((at) => {
      this.#frame = 0;
      if (at >= this.#next) {
        this.draw();
        performance.measure("draw", { start: performance.now() - this.cost, duration: this.cost });
      }
      if (this.#moving(at)) this.#schedule();
    });
  }

  #moving(at: number): boolean {
    for (const one of this.#glides.values()) if (at - one.began < GLIDE_MS + FASTEST_MS) return true;
    return false;
  }

  /** Draws at once. */
  draw(): void {
    const source = this.map.getSource<GeoJSONSource>("vehicles");
    if (source === undefined) return;
    const begun = performance.now();
    const now = this.serviceNow();
    void source.setData({
      type: "FeatureCollection",
      features: this.#shown.map((one) => {
        const glide = this.#glides.get(one.id);
        const coordinates = glide === undefined ? [one.longitude, one.latitude] : where(glide, begun);
        return {
          type: "Feature",
          geometry: { type: "Point", coordinates },
          properties: { id: one.id, name: one.name, status: one.status, word: one.statusText, rank: STATUS_RANK[one.status], fade: this.#fade(one, now) },
        };
      }),
    });
    this.cost = performance.now() - begun;
    this.#next = begun + Math.max(FASTEST_MS, this.cost / SHARE);
  }

  #fade(one: Shown, now: number): number {
    if (one.fixTime === null) return FADED;
    const age = (now - one.fixTime) / 1000 / this.nowSeconds;
    return age <= 1 ? 1 : Math.round(Math.max(FADED, 1 - ((age - 1) / FADES_IN) * (1 - FADED)) * 20) / 20;
  }
}

function where(glide: Glide, at: number): [number, number] {
  const share = Math.min(1, (at - glide.began) / GLIDE_MS);
  return [glide.fromX + (glide.toX - glide.fromX) * share, glide.fromY + (glide.toY - glide.fromY) * share];
}

/** Pairs of a match expression, each input once. */
function unique(pairs: (string | number)[]): (string | number)[] {
  const seen = new Map<string | number, string | number>();
  for (let at = 0; at < pairs.length; at += 2) seen.set(pairs[at] ?? "", pairs[at + 1] ?? "");
  return [...seen].flat();
}
