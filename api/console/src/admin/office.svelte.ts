/** What the sections share of a region: its fleet, its officers, its facilities, read anew when something happens to them. */
import { get } from "../shared/http";
import { Live } from "../shared/live.svelte";
import type { Facility, OfficerView, Region, Vehicle } from "../shared/shapes";

const OFTEN_MS = 30_000;
const EVENTS = [
  "unit_registered", "unit_moved", "unit_broke", "unit_retired", "officer_registered", "officer_moved", "officer_retired",
  "shift_set", "run_started", "run_progressed", "run_ended",
];
const PAGE = 1000;

/** An id as a part of a path; a facility's own slashes stay. */
export const inPath = (id: string): string => id.split("/").map(encodeURIComponent).join("/");

export class Office {
  vehicles = $state.raw<Vehicle[]>([]);
  officers = $state.raw<OfficerView[]>([]);
  facilities = $state.raw<Facility[] | null>(null);
  readonly at: string;
  readonly live: Live;

  constructor(readonly region: Region) {
    this.at = `/v1/regions/${region.name}`;
    this.live = new Live({ region: region.name, read: () => this.#read(), types: EVENTS, every: () => OFTEN_MS });
  }

  async #read(): Promise<void> {
    const [vehicles, officers] = await Promise.all([get<Vehicle[]>(`${this.at}/vehicles`), get<OfficerView[]>(`${this.at}/officers`)]);
    this.vehicles = vehicles.sort((a, b) => a.id.localeCompare(b.id));
    this.officers = officers.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Every facility, page by page. Raises as `get` does. */
  async readFacilities(): Promise<void> {
    const all: Facility[] = [];
    let cursor: string | null = null;
    do {
      const from: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { facilities: Facility[]; next: string | null } = await get(`${this.at}/facilities?limit=${PAGE}${from}`);
      all.push(...page.facilities);
      cursor = page.next;
    } while (cursor !== null);
    this.facilities = all.sort((a, b) => a.name.localeCompare(b.name));
  }
}
