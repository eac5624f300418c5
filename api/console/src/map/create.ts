/** Makes a map of a region. The library is large, so pages load this only when they show a map. */
import "maplibre-gl/dist/maplibre-gl.css";
import { AttributionControl, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { look } from "../shared/look.svelte";
import type { Region } from "../shared/shapes";
import { t } from "../shared/words.svelte";
import { regionStyle } from "./style";

setWorkerUrl(workerUrl);

export type { MapLibre };

export interface MapOptions {
  container: HTMLElement;
  region: Pick<Region, "name" | "bounds">;
  center?: [number, number];
  zoom?: number;
  /** Buttons to zoom. */
  buttons?: boolean;
}

/** A map that shows a region; raises where the device can't draw one (no WebGL). */
export function createMap({ container, region, center, zoom, buttons = true }: MapOptions): MapLibre {
  const map = new MapLibre({
    container,
    style: regionStyle(`${location.origin}/v1/regions/${region.name}/tiles.json`, look.theme),
    ...(center === undefined ? { bounds: region.bounds, fitBoundsOptions: { padding: 24 } } : { center, zoom: zoom ?? 14 }),
    attributionControl: false,
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    locale: { "Map.Title": t("ui.map.title"), "NavigationControl.ZoomIn": t("ui.map.zoom_in"), "NavigationControl.ZoomOut": t("ui.map.zoom_out") },
  });
  // Tests look at what is drawn, not at pixels.
  (window as { siagaMap?: MapLibre }).siagaMap = map;
  map.touchZoomRotate.disableRotation();
  map.addControl(new AttributionControl({ compact: false, customAttribution: t("ui.map.attribution") }));
  map.addControl(new ScaleControl({ maxWidth: 120 }), "top-left");
  if (buttons) map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  return map;
}
