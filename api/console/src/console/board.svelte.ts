/**
 * What the console knows of a region: read once, then kept up to date by what happens. Each change is read from the service
 * again, so that nothing is reckoned twice in two languages; a quarter of a second's events are answered by one reading.
 */
import { Connection } from "../shared/connection.svelte";
import { get, Problem } from "../shared/http";
import { says } from "../shared/says";
import { session } from "../shared/session.svelte";
import type { Case, Facility, Kind, Position, Region, Run, Vehicle } from "../shared/shapes";
import { Stream, type HappenedData, type Told } from "../shared/stream";

export interface Fix { vehicle: string; longitude: number; latitude: number; fix_time: string; course_deg?: number | null; marks?: string[] }

/** Something that happened, for whoever wants to be told (sounds, the open case). */
export type Happening = { id: string; about: string; data: HappenedData };

const FLUSH_MS = 250;
const MANY = 8; // beyond so many of a kind the whole list is one question instead

export class Board {
  cases = $state.raw<ReadonlyMap<string, Case>>(new Map());
  runs = $state.raw<ReadonlyMap<string, Run>>(new Map());
  vehicles = $state.raw<ReadonlyMap<string, Vehicle>>(new Map());
  facilities = $state.raw<ReadonlyMap<string, Facility>>(new Map());
  kinds = $state.raw<readonly Kind[]>([]);
  reports = $state.raw<GeoJSON.FeatureCollection>({ type: "FeatureCollection", features: [] });
  /** Where vehicles are, by their last usable fix. Not reactive: the map asks for it as it draws. */
  readonly fixes = new Map<string, Fix>();
  /** Counts what has changed on roads and facilities, for what rests on them. */
  roadsChanged = $state(0);
  facilitiesChanged = $state(0);

  readonly connection = new Connection();
  loaded = $state(false);

  #stream: Stream | undefined;
  #stale = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushing = false;
  #loading = false;
  #listeners = new Set<(one: Happening) => void>();
  readonly at: string;

  constructor(readonly region: Region) {
    this.at = `/v1/regions/${region.name}`;
  }

  start(): void {
    this.#stream = new Stream(this.region.name, session.who?.id ?? "", (told) => this.#hear(told));
  }

  /** Connects and reads anew now. */
  again(): void {
    this.#stream?.again();
    void this.load();
  }

  stop(): void {
    this.#stream?.stop();
    clearTimeout(this.#timer);
  }

  /** Has somebody told of everything that happens; gives a function that ends it. */
  listen(listener: (one: Happening) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is to be read anew, as "case/K1", "run/…", "unit/…"; it happens with the next batch. */
  refresh(...about: string[]): void {
    for (const one of about) this.#stale.add(one);
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_MS);
  }

  /** Reads everything. */
  async load(): Promise<void> {
    this.#loading = true;
    this.connection.catchingUp = this.loaded;
    try {
      const [cases, runs, vehicles, kinds] = await Promise.all([
        this.#allCases(), get<Run[]>(`${this.at}/runs`), get<Vehicle[]>(`${this.at}/vehicles`), get<Kind[]>(`${this.at}/services`),
      ]);
      this.cases = new Map(cases.map((one) => [one.id, one]));
      this.runs = new Map(runs.map((one) => [one.id, one]));
      this.#took(vehicles);
      this.kinds = kinds;
      await Promise.all([this.#readReports(), this.#readFacilities()]);
      this.loaded = true;
      this.connection.caughtUp();
    } catch (error) {
      this.connection.catchingUp = false;
      this.#failed(error);
      if (session.who !== null) setTimeout(() => void this.load(), 2_000);
    } finally {
      this.#loading = false;
    }
  }

  #failed(error: unknown): void {
    if (error instanceof Problem && error.signedOut) session.ended();
    else this.connection.wrong = says(error);
  }

  async #allCases(): Promise<Case[]> {
    const found: Case[] = [];
    let cursor: string | null = null;
    do {
      const page: { cases: Case[]; next: string | null } = await get(`${this.at}/cases?limit=200${cursor === null ? "" : `&cursor=${cursor}`}`);
      found.push(...page.cases);
      cursor = page.next;
    } while (cursor !== null);
    return found;
  }

  async #readFacilities(): Promise<void> {
    const found = new Map<string, Facility>();
    let cursor: string | null = null;
    do {
      const page: { facilities: Facility[]; next: string | null } = await get(
        `${this.at}/facilities?limit=1000${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      for (const one of page.facilities) found.set(one.id, one);
      cursor = page.next;
    } while (cursor !== null);
    this.facilities = found;
    this.facilitiesChanged++;
  }

  async #readReports(): Promise<void> {
    this.reports = await get<GeoJSON.FeatureCollection>(`${this.at}/conditions.geojson`);
    this.roadsChanged++;
  }

  #took(vehicles: Vehicle[]): void {
    this.vehicles = new Map(vehicles.map((one) => [one.id, one]));
    for (const one of vehicles) if (one.position !== null) this.#seen(one.id, one.position);
  }

  #seen(vehicle: string, { longitude, latitude, fix_time }: Position): void {
    const known = this.fixes.get(vehicle);
    if (known === undefined || Date.parse(known.fix_time) < Date.parse(fix_time)) {
      this.fixes.set(vehicle, { vehicle, longitude, latitude, fix_time });
    }
  }

  #hear(told: Told): void {
    const shown = this.connection.hear(told, this.loaded);
    if (shown === "stale" && (this.loaded || !this.#loading)) void this.load();
    else if (shown === null && told.type === "fixes") for (const fix of told.data as Fix[]) this.#fix(fix);
    else if (shown === null) this.#happened(told);
  }

  #fix(fix: Fix): void {
    const known = this.fixes.get(fix.vehicle);
    if (known !== undefined && Date.parse(known.fix_time) > Date.parse(fix.fix_time)) return;
    this.fixes.set(fix.vehicle, fix);
  }

  #happened(told: Told): void {
    const data = told.data as HappenedData;
    if (data.type === "run_ended") this.runs = without(this.runs, [data.about.slice(4)]);
    if (data.type === "unit_retired") this.vehicles = without(this.vehicles, [data.about.slice(5)]);
    else this.refresh(data.about);
    for (const listener of this.#listeners) listener({ id: told.id, about: data.about, data });
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    if (this.#flushing || this.#loading) { // one reading after the other: the later one is the newer
      this.#timer = setTimeout(() => void this.#flush(), FLUSH_MS);
      return;
    }
    const stale = [...this.#stale];
    this.#stale.clear();
    this.#flushing = true;
    try {
      const of = (kind: string) => stale.filter((one) => one.startsWith(`${kind}/`)).map((one) => one.slice(kind.length + 1));
      await Promise.all([
        this.#freshCases(of("case")), this.#freshRuns(of("run")), this.#freshVehicles(of("unit")),
        of("condition").length > 0 ? this.#readReports() : undefined,
        of("claims").length > 0 ? this.#readFacilities() : undefined,
      ]);
      this.connection.wrong = "";
    } catch (error) {
      this.#failed(error);
      this.refresh(...stale); // until it works: what is shown must not stay old
    } finally {
      this.#flushing = false;
    }
  }

  async #freshCases(ids: string[]): Promise<void> {
    if (ids.length > MANY) {
      this.cases = new Map((await this.#allCases()).map((one) => [one.id, one]));
      return;
    }
    const found = await Promise.all(ids.map((id) => orNothing(get<Case>(`${this.at}/cases/${id}`))));
    if (ids.length === 0) return;
    const cases = new Map(this.cases);
    ids.forEach((id, at) => {
      const one = found[at];
      if (one === undefined || !one.open) cases.delete(id);
      else if ((cases.get(id)?.version ?? -1) <= one.version) cases.set(id, one);
    });
    this.cases = cases;
  }

  async #freshRuns(ids: string[]): Promise<void> {
    if (ids.length > MANY) {
      this.runs = new Map((await get<Run[]>(`${this.at}/runs`)).map((one) => [one.id, one]));
      return;
    }
    const found = await Promise.all(ids.map((id) => orNothing(get<Run>(`${this.at}/runs/${id}`))));
    if (ids.length === 0) return;
    const runs = new Map(this.runs);
    ids.forEach((id, at) => {
      const one = found[at];
      if (one === undefined || one.state === "ended") runs.delete(id);
      else if ((runs.get(id)?.version ?? -1) <= one.version) runs.set(id, one);
    });
    this.runs = runs;
  }

  async #freshVehicles(ids: string[]): Promise<void> {
    if (ids.length > MANY) {
      this.#took(await get<Vehicle[]>(`${this.at}/vehicles`));
      return;
    }
    const found = await Promise.all(ids.map((id) => orNothing(get<Vehicle>(`${this.at}/vehicles/${id}`))));
    if (ids.length === 0) return;
    const vehicles = new Map(this.vehicles);
    ids.forEach((id, at) => {
      const one = found[at];
      if (one === undefined) vehicles.delete(id);
      else vehicles.set(id, one);
    });
    this.vehicles = vehicles;
  }
}

function without<T>(map: ReadonlyMap<string, T>, ids: string[]): ReadonlyMap<string, T> {
  const left = new Map(map);
  for (const id of ids) left.delete(id);
  return left;
}

/** What was found, or undefined where there is none any more. */
async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  }
}
