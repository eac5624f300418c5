/** Metres between two places (longitude, latitude in degrees) on a sphere of the earth's mean radius, IUGG 1980: 6,371,008.8 m. */
export function metresBetween(a: [number, number], b: [number, number]): number {
  const rad = Math.PI / 180;
  const north = Math.sin(((b[1] - a[1]) * rad) / 2) ** 2;
  const east = Math.sin(((b[0] - a[0]) * rad) / 2) ** 2;
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(north + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * east));
}
