/**
 * What a page shows of a region, read anew whenever something happens that concerns it: at once, in batches of a quarter of
 * a second, and every so often in any case, since positions and arrivals change without an event.
 */
import { Connection } from "./connection.svelte";
import { Problem } from "./http";
import { says } from "./says";
import { session } from "./session.svelte";
import { Stream, type HappenedData, type Told } from "./stream";

export interface Reading {
  region: string;
  /** Reads the state; raises as `get` does. */
  read: () => Promise<void>;
  /** These events change it. */
  types: readonly string[];
  /** Told of each of these events before the state is read. */
  heard?: (data: HappenedData) => void;
  /** Told when events may have been missed, before everything is read anew. */
  stale?: () => void;
  /** How often it is read without an event, in milliseconds. */
  every: () => number;
}

const BATCH_MS = 250;
const AGAIN_MS = 2_000;

export class Live {
  readonly connection = new Connection();
  loaded = $state(false);

  #stream: Stream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> | undefined;
  #stopped = false;
  #again = false;
  #batched = false;

  constructor(private readonly what: Reading) {}

  start(): void {
    this.#stream = new Stream(this.what.region, session.who?.id ?? "", (told) => this.#hear(told));
    void this.refresh();
  }

  stop(): void {
    this.#stopped = true;
    this.#stream?.stop();
    clearTimeout(this.#timer);
  }

  /** Reads the state now; once more if it is asked for meanwhile, so that what comes last is shown. */
  refresh(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<void> {
    clearTimeout(this.#timer);
    let wait = this.what.every();
    do {
      this.#again = this.#batched = false;
      try {
        await this.what.read();
        this.loaded = true;
        this.connection.caughtUp();
        wait = this.what.every();
      } catch (error) {
        if (!(error instanceof Problem && error.signedOut)) this.connection.wrong = says(error); // then somebody has to sign in
        wait = AGAIN_MS;
      }
      if (this.#again && !this.#stopped) await new Promise((go) => setTimeout(go, BATCH_MS));
    } while (this.#again && !this.#stopped && wait !== AGAIN_MS);
    this.#in(wait);
  }

  #in(wait: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopped && session.who !== null) this.#timer = setTimeout(() => void this.refresh(), wait);
  }

  #hear(told: Told): void {
    const shown = this.connection.hear(told, this.loaded);
    if (shown !== null) {
      if (shown === "stale") this.what.stale?.();
      this.connection.catchingUp ||= shown === "stale" && this.loaded;
      if (shown === "stale" || told.type === "open") void this.refresh(); // positions come without an event
      return;
    }
    if (!this.what.types.includes(told.type)) return;
    this.what.heard?.(told.data as HappenedData);
    if (this.#reading !== undefined) this.#again = true;
    // Not later for what comes meanwhile: where something always happens it would never be read.
    else if (!this.#batched) this.#in(BATCH_MS);
    this.#batched = true;
  }
}
