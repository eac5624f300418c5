/**
 * What the console knows of a region: read once, then kept up to date by what happens. Each change is read from the service
 * again, so that nothing is reckoned twice in two languages; a quarter of a second's events are answered by one reading.
 */
import { Connection } from "../shared/connection.svelte";
import { allFacilities } from "../shared/facilities";
import { get, Problem } from "../shared/http";
import { says } from "../shared/says";
import { session } from "../shared/session.svelte";
import type { Case, Facility, Kind, Position, Region, Run, Vehicle } from "../shared/shapes";
import { Stream, type HappenedData, type Told } from "../shared/stream";

export interface Fix { vehicle: string; longitude: number; latitude: number; fix_time: string; course_deg?: number | null; marks?: string[] }

/** Something that happened, for whoever wants to be told (sounds, the open case). */
export type Happening = { id: string; about: string; data: HappenedData };

const FLUSH_MS = 250;
const LONGEST_PAUSE = 6; // doublings: 16 s
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
  #stopped = false;
  /** So often in a row something could not be read. */
  #failures = 0;
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
    this.#stopped = true;
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
    if (this.#stopped) return;
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
      if (session.who !== null && !this.#stopped) setTimeout(() => void this.load(), 2_000);
    } finally {
      this.#loading = false;
    }
  }

  #failed(error: unknown): void {
    if (!(error instanceof Problem && error.signedOut)) this.connection.wrong = says(error); // then somebody has to sign in
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
    this.facilities = new Map((await allFacilities(this.at)).map((one) => [one.id, one]));
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
    const of = (kind: string) => stale.filter((one) => one.startsWith(`${kind}/`));
    const read = await Promise.all([
      this.#fresh(of("case"), `${this.at}/cases`, () => this.#allCases(), () => this.cases, (now) => (this.cases = now), (one) => one.open),
      this.#fresh(of("run"), `${this.at}/runs`, () => get<Run[]>(`${this.at}/runs`), () => this.runs, (now) => (this.runs = now), (one) => one.state !== "ended"),
      this.#fresh(of("unit"), `${this.at}/vehicles`, () => get<Vehicle[]>(`${this.at}/vehicles`), () => this.vehicles, (now) => this.#took([...now.values()]), () => true),
      reading(of("condition"), () => this.#readReports()),
      reading(of("claims"), () => this.#readFacilities()),
    ]);
    for (const { put } of read) put(); // all at once: a run and the cases of those on it belong together
    const failed = read.flatMap((one) => one.failed);
    this.#flushing = false;
    const [first] = failed;
    if (first === undefined) {
      this.#failures = 0;
      this.connection.wrong = "";
      return;
    }
    this.#failed(first.error);
    // Until it works: what is shown must not stay old. What is read well meanwhile doesn't wait for it.
    const pause = FLUSH_MS * 2 ** Math.min(++this.#failures, LONGEST_PAUSE);
    setTimeout(() => this.refresh(...failed.map((one) => one.about)), pause);
  }

  /**
   * Reads some of a kind again, or all where they are many.
   *
   * @param about as "case/K1".
   * @param read where each is read, by its id; `all`: how all are.
   * @param known what is shown; `put`: takes what is to be shown.
   * @param stays whether one is to be shown.
   * @returns what shows it, and what could not be read.
   */
  async #fresh<T extends { id: string; version: number }>(
    about: string[], read: string, all: () => Promise<T[]>, known: () => ReadonlyMap<string, T>, put: (now: ReadonlyMap<string, T>) => void, stays: (one: T) => boolean,
  ): Promise<Reading> {
    if (about.length > MANY) {
      let found: T[] | undefined;
      const told = await reading(about, async () => void (found = await all()));
      return { ...told, put: () => found !== undefined && put(new Map(found.map((one) => [one.id, one]))) };
    }
    const found = new Map<string, T | undefined>();
    const idOf = (one: string) => one.slice(one.indexOf("/") + 1);
    const each = await Promise.all(about.map((one) => reading([one], async () => void found.set(idOf(one), await orNothing(get<T>(`${read}/${idOf(one)}`))))));
    const show = () => {
      if (found.size === 0) return;
      const now = new Map(known()); // as it is by now: some may have ended meanwhile
      for (const [id, one] of found) {
        if (one === undefined || !stays(one)) now.delete(id);
        else if ((now.get(id)?.version ?? -1) <= one.version) now.set(id, one);
      }
      put(now);
    };
    return { put: show, failed: each.flatMap((one) => one.failed) };
  }
}

/** Something that was read: what shows it, and of what it was about what could not be read. */
interface Reading { put: () => void; failed: { about: string; error: unknown }[] }

/** Reads what shows itself. */
async function reading(about: string[], read: () => Promise<void>): Promise<Reading> {
  const put = () => undefined;
  if (about.length === 0) return { put, failed: [] };
  try {
    await read();
    return { put, failed: [] };
  } catch (error) {
    return { put, failed: about.map((one) => ({ about: one, error })) };
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
