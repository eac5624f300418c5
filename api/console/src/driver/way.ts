/** A leg's way turn by turn, and how far along it one is. */
import { metresBetween } from "../shared/geo";

export interface Spot { longitude: number; latitude: number }

/** A route as the service tells it; metres and seconds. */
export interface Way {
  distance_m: number;
  duration_seconds: number;
  geometry: { type: "LineString"; coordinates: [number, number][] };
  steps: { instruction: string; distance_m: number; duration_seconds: number; type: string; modifier: string | null }[];
  on_foot: { destination: { metres: number; seconds: number } | null };
}

/** What comes next: which step, in how many metres, and what is left of the whole way; `off`: one is not on it. */
export interface Ahead { step: number; in_m: number; left_m: number; left_seconds: number; off: boolean }

const OFF_M = 60; // a telephone's position in a street of houses is that far out, now and then
const PASSED_M = 8; // a turn that near has been taken

/** How far along a line the nearest point to a place is, and how far away, in metres. */
function along(line: readonly [number, number][], { longitude, latitude }: Spot): { along_m: number; away_m: number; whole_m: number } {
  const narrow = Math.cos((latitude * Math.PI) / 180);
  let found = { along_m: 0, away_m: Infinity };
  let whole_m = 0;
  for (let i = 0; i + 1 < line.length; i++) {
    const [a, b] = [line[i] as [number, number], line[i + 1] as [number, number]];
    const length = metresBetween(a, b);
    const [dx, dy] = [(b[0] - a[0]) * narrow, b[1] - a[1]];
    const share = dx === 0 && dy === 0 ? 0 : ((longitude - a[0]) * narrow * dx + (latitude - a[1]) * dy) / (dx * dx + dy * dy);
    const part = Math.min(1, Math.max(0, share));
    const away_m = metresBetween([longitude, latitude], [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part]);
    if (away_m < found.away_m) found = { along_m: whole_m + length * part, away_m };
    whole_m += length;
  }
  return { ...found, whole_m };
}

/** What comes next from a place on; without one, or off the way, from the way's beginning. */
export function ahead(way: Way, here: Spot | null): Ahead {
  const found = here === null ? null : along(way.geometry.coordinates, here);
  const off = found !== null && found.away_m > OFF_M;
  const gone_m = found === null || off || found.whole_m === 0 ? 0 : (found.along_m / found.whole_m) * way.distance_m;
  let from_m = 0; // where the step begins
  let left_seconds = 0;
  let next: { step: number; in_m: number } | undefined;
  way.steps.forEach((step, index) => {
    if (index > 0 && next === undefined && from_m > gone_m + PASSED_M) next = { step: index, in_m: from_m - gone_m };
    const share = step.distance_m === 0 ? 0 : Math.min(1, Math.max(0, (from_m + step.distance_m - gone_m) / step.distance_m));
    left_seconds += step.duration_seconds * share;
    from_m += step.distance_m;
  });
  const last = { step: Math.max(0, way.steps.length - 1), in_m: Math.max(0, way.distance_m - gone_m) };
  return { ...(next ?? last), left_m: Math.max(0, way.distance_m - gone_m), left_seconds: gone_m === 0 ? way.duration_seconds : left_seconds, off };
}
