/** A small map that follows one vehicle on its way to one door; loaded only when it is looked at. */
import { LngLatBounds, Marker, type Map as MapLibre } from "maplibre-gl";
import { createMap, type MapOptions } from "./create";

export type Spot = [longitude: number, latitude: number];

export interface Followed { move(vehicle: Spot, stale: boolean): void; end(): void }

interface What { container: HTMLElement; region: MapOptions["region"]; vehicle: Spot; door?: Spot | undefined; label: string }

const CLOSEST = 15.5;

/** Draws it; raises where the device can't. */
export function follow({ container, region, vehicle, door, label }: What): Followed {
  const map = createMap({ container, region, center: vehicle, zoom: 14 });
  map.getCanvas().setAttribute("aria-label", label);
  map.scrollZoom.disable(); // the page scrolls, on a telephone with one finger
  if (matchMedia("(pointer: coarse)").matches) map.dragPan.disable();
  const car = new Marker({ element: sign("vehicle") }).setLngLat(vehicle).addTo(map);
  if (door !== undefined) new Marker({ element: sign("door") }).setLngLat(door).addTo(map);
  let moved = false;
  map.on("dragstart", () => (moved = true));
  map.on("zoomstart", (event) => (moved ||= event.originalEvent !== undefined));
  frame(map, vehicle, door, false);
  return {
    move(spot, stale) {
      car.setLngLat(spot);
      car.getElement().classList.toggle("stale", stale);
      if (!moved) frame(map, spot, door, true);
    },
    end: () => map.remove(),
  };
}

function frame(map: MapLibre, vehicle: Spot, door: Spot | undefined, smooth: boolean): void {
  const animate = smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (door === undefined) {
    if (animate) map.easeTo({ center: vehicle, duration: 800 });
    else map.jumpTo({ center: vehicle });
    return;
  }
  map.fitBounds(new LngLatBounds(vehicle, vehicle).extend(door), { padding: 44, maxZoom: CLOSEST, duration: animate ? 800 : 0 });
}

/** A sign that says by its shape what it is. */
function sign(what: "vehicle" | "door"): HTMLElement {
  const element = document.createElement("div");
  element.className = `follow-sign ${what}`;
  element.setAttribute("aria-hidden", "true"); // the same stands in words beside the map
  return element;
}
