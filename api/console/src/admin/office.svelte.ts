/** What the sections share of a region: its fleet, its officers, its facilities, read anew when something happens to them. */
import { allFacilities } from "../shared/facilities";
import { get } from "../shared/http";
import { Live } from "../shared/live.svelte";
import type { Facility, OfficerView, Region, Vehicle } from "../shared/shapes";

const OFTEN_MS = 30_000;
const EVENTS = [
  "unit_registered", "unit_moved", "unit_broke", "unit_retired", "officer_registered", "officer_moved", "officer_retired",
  "shift_set", "run_started", "run_progressed", "run_ended",
];

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

  /** Raises as `get` does. */
  async readFacilities(): Promise<void> {
    this.facilities = (await allFacilities(this.at)).sort((a, b) => a.name.localeCompare(b.name));
  }
}
