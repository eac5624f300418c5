/** What stands so close together on the map that it can't be told apart. */
export interface Spot { x: number; y: number; rank: number }

export interface Cluster<T extends Spot> { x: number; y: number; members: T[]; worst: T }

/**
 * Gathers what lies within `radius` of one another; each belongs to the first that is near enough, in the order that is given,
 * so that a map that is drawn again has the same clusters.
 *
 * @returns clusters of two and more with their middle and the member of the highest rank, and whoever stands alone.
 */
export function gather<T extends Spot>(spots: readonly T[], radius: number): { clusters: Cluster<T>[]; alone: T[] } {
  const cells = new Map<string, number[]>();
  const cell = (value: number): number => Math.floor(value / radius);
  spots.forEach((one, at) => {
    const key = `${cell(one.x)} ${cell(one.y)}`;
    const there = cells.get(key);
    if (there === undefined) cells.set(key, [at]);
    else there.push(at);
  });
  const taken = new Set<number>();
  const clusters: Cluster<T>[] = [];
  const alone: T[] = [];
  spots.forEach((one, at) => {
    if (taken.has(at)) return;
    taken.add(at);
    const members = [one];
    for (let column = cell(one.x) - 1; column <= cell(one.x) + 1; column++) {
      for (let row = cell(one.y) - 1; row <= cell(one.y) + 1; row++) {
        for (const other of cells.get(`${column} ${row}`) ?? []) {
          const spot = spots[other];
          if (spot === undefined || taken.has(other) || Math.hypot(spot.x - one.x, spot.y - one.y) > radius) continue;
          taken.add(other);
          members.push(spot);
        }
      }
    }
    if (members.length === 1) alone.push(one);
    else clusters.push(of(members));
  });
  return { clusters, alone };
}

function of<T extends Spot>(members: T[]): Cluster<T> {
  const mean = (values: number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;
  const worst = members.reduce((found, one) => (one.rank > found.rank ? one : found));
  return { x: mean(members.map((one) => one.x)), y: mean(members.map((one) => one.y)), members, worst };
}
