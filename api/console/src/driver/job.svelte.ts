/** The crew's job: read while there is coverage, kept for when there is none. */
import { serviceClock } from "../shared/clock.svelte";
import { get, Problem } from "../shared/http";
import { Live } from "../shared/live.svelte";
import { inPath } from "../shared/path";
import type { Case, Kind, Particulars, Region, RouteView, Run, Vehicle } from "../shared/shapes";
import { UNDER_WAY, visitsOf } from "../shared/steps";
import { keepJob, keptJob, type Job } from "./kept";

const EVENTS = [
  "run_started", "run_retriaged", "run_due", "run_turned", "run_progressed", "run_rerouted", "riders_joined", "rider_left", "run_emptied", "run_ended", "stamp_corrected",
  "run_clock_rang", "unit_moved", "unit_broke", "unit_registered", "case_described", "particulars_noted", "patient_added", "patient_assigned", "patient_met",
  "patient_boarded", "patient_arrived", "patient_handed_over", "patient_released", "patient_died", "patient_ended", "goal_changed", "facility_asked", "attempt_moved",
  "desk_asked", "desk_answered", "desk_withdrawn", "case_closed", "condition_posted", "condition_withdrawn",
] as const;
const BUSY_MS = 10_000;
const IDLE_MS = 30_000;

export class CrewJob {
  job = $state.raw<Job | null>(null);
  /** What is shown was kept from before, not read now. */
  fromBefore = $state(false);
  readonly live: Live;
  readonly at: string;
  #particulars = new Map<string, Particulars>();
  /** Cases of which something personal may have been added since it was read. */
  readonly #old = new Set<string>();
  #visits: string[] | undefined;

  constructor(
    region: Region,
    readonly vehicle: string,
    private readonly reading: () => () => void,
  ) {
    this.at = `/v1/regions/${region.name}`;
    this.live = new Live({
      region: region.name,
      types: EVENTS,
      read: () => this.#read(),
      heard: (data) => {
        if (data.type === "particulars_noted") this.#old.add(data.about.slice("case/".length));
      },
      stale: () => {
        for (const id of this.#particulars.keys()) this.#old.add(id);
      },
      every: () => (this.job?.run == null ? IDLE_MS : BUSY_MS),
    });
  }

  async start(): Promise<void> {
    const kept = await keptJob(this.vehicle).catch(() => undefined);
    if (kept !== undefined && this.job === null) {
      this.job = kept;
      this.fromBefore = true;
    }
    this.live.start();
  }

  stop(): void {
    this.live.stop();
  }

  async #read(): Promise<void> {
    const read = this.reading();
    const { vehicle, run } = await get<{ vehicle: Vehicle; run: Run | null }>(`${this.at}/vehicles/${inPath(this.vehicle)}/job`);
    const ids = run === null ? [] : [...new Set(run.riders.map((rider) => rider.case))];
    // All at once: over a slow network each question costs a round trip.
    const [cases, route] = await Promise.all([
      Promise.all(ids.map((id) => mine(get<Case>(`${this.at}/cases/${id}`)))),
      run === null ? null : this.#route(run),
      ...ids.map((id) => this.#personal(id)),
      run === null ? undefined : this.#kinds(),
    ]);
    for (const id of [...this.#particulars.keys()]) if (!ids.includes(id)) this.#particulars.delete(id);
    this.job = {
      at: serviceClock.exact(), vehicle, run, cases: cases.filter((one) => one !== null), particulars: Object.fromEntries(this.#particulars), route,
      visits: this.#visits ?? [],
    };
    this.fromBefore = false;
    read();
    await keepJob(this.job).catch(() => undefined); // a full telephone: it is shown all the same
  }

  /** Each reading of what is personal is recorded: once for each case, and again when something was added. */
  async #personal(id: string): Promise<void> {
    if (this.#particulars.has(id) && !this.#old.has(id)) return;
    this.#old.delete(id); // what is added while it is read makes it old again
    try {
      const told = await mine(get<Particulars>(`${this.at}/cases/${id}/particulars`));
      if (told !== null) this.#particulars.set(id, told);
    } catch (error) {
      this.#old.add(id);
      throw error;
    }
  }

  async #kinds(): Promise<void> {
    this.#visits ??= visitsOf(await get<Kind[]>(`${this.at}/services`));
  }

  /** The way of the present leg; at a door there is one for those who were refused and go on. */
  async #route(run: Run): Promise<RouteView | null> {
    if (!UNDER_WAY.has(run.state) && run.state !== "at_facility") return null;
    const found = await mine(get<RouteView>(`${this.at}/runs/${run.id}/route`));
    return found === null || run.state !== "at_facility" || Number(found.route["distance_m"]) > 100 ? found : null;
  }
}

/** What was read, or nothing where it has just ceased to be this crew's, or there is no leg to drive. */
async function mine<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && [403, 404, 409, 422].includes(error.status)) return null;
    throw error;
  }
}
