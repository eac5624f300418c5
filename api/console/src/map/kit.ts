/** Everything that a page with a map needs, in one piece that is loaded when the map is. */
import { LngLatBounds, type Map as MapLibre } from "maplibre-gl";
import type { Theme } from "../shared/look.svelte";
import type { Region } from "../shared/shapes";
import { regionStyle } from "./style";

export { createMap } from "./create";
export { addSigns } from "./icons";
export { caseFeatures, facilityFeatures, markFeature, Overlays } from "./overlays";
export { VehicleLayer } from "./vehicles";

/** The style of a region's map. */
export const styleOf = (region: Region, theme: Theme) => regionStyle(`${location.origin}/v1/regions/${region.name}/tiles.json`, theme);

/** Moves the map so that all points are seen. */
export function fit(map: MapLibre, points: [number, number][], zoom: number): void {
  const [first] = points;
  if (first === undefined) return;
  const bounds = points.reduce((all, one) => all.extend(one), new LngLatBounds(first, first));
  map.fitBounds(bounds, { padding: 60, maxZoom: zoom, duration: 500 });
}
