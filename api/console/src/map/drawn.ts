/** What sources show: the same once more would be a new picture of the whole map for nothing. */
import type { GeoJSONSource } from "maplibre-gl";

export class Drawn {
  #shown = new WeakMap<GeoJSONSource, string>();

  /** Has a source show features; whether that is another picture than before. */
  draw(source: GeoJSONSource, data: GeoJSON.FeatureCollection): boolean {
    const looks = JSON.stringify(data.features);
    if (this.#shown.get(source) === looks) return false;
    this.#shown.set(source, looks);
    void source.setData(data);
    return true;
  }
}
