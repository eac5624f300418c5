/** Where a vehicle is drawn between two of its positions: it glides from the last to the next. */
export const GLIDE_MS = 1_200;
/** Beyond so many degrees it was lost meanwhile: it jumps. */
const LOST_DEG = 0.03;

interface Leg { from: [number, number]; to: [number, number]; began: number }

export class Glides {
  #legs = new Map<string, Leg>();

  /** `still`: nothing glides, for people whom moving things make ill. */
  constructor(private readonly still: () => boolean) {}

  /** A vehicle is somewhere, at a time in milliseconds; whether it has moved. */
  go(id: string, longitude: number, latitude: number, at: number): boolean {
    const leg = this.#legs.get(id);
    if (leg !== undefined && leg.to[0] === longitude && leg.to[1] === latitude) return false;
    const to: [number, number] = [longitude, latitude];
    const from = leg === undefined || this.still() ? to : on(leg, at);
    const lost = Math.hypot(from[0] - longitude, from[1] - latitude) > LOST_DEG;
    this.#legs.set(id, { from: lost ? to : from, to, began: at });
    return true;
  }

  /** Longitude and latitude of a vehicle at a time; undefined: nothing is known of it. */
  where(id: string, at: number): [number, number] | undefined {
    const leg = this.#legs.get(id);
    return leg === undefined ? undefined : on(leg, at);
  }

  /** Whether anything moves at a time. */
  moving(at: number): boolean {
    for (const leg of this.#legs.values()) if (leg.from !== leg.to && at - leg.began < GLIDE_MS) return true;
    return false;
  }

  /** Forgets whoever is not among those. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#legs.keys()) if (!ids.has(id)) this.#legs.delete(id);
  }
}

function on({ from, to, began }: Leg, at: number): [number, number] {
  const share = Math.min(1, Math.max(0, (at - began) / GLIDE_MS));
  return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
}
