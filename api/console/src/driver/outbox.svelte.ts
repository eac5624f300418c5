/**
 * What was pressed goes through once, in order, with the time of the press: now, or when there is coverage again. One tab
 * sends at a time; each command has an id of its own, so that one whose answer was lost is not done twice.
 */
import { give, newKey, Problem, Unreachable, type Json } from "../shared/http";
import { says } from "../shared/says";
import { serviceClock } from "../shared/clock.svelte";
import { session } from "../shared/session.svelte";
import { dequeue, enqueue, queued, type Queued } from "./kept";

/** A command that the service refused. */
export interface Refused { key: string; label: string; why: string }

export interface Press { path: string; method?: "POST" | "PUT"; body?: Json; label: string; makes?: string[] }

const AGAIN_MS = [1_000, 2_000, 5_000, 10_000];

export class Outbox {
  waiting = $state.raw<readonly Queued[]>([]);
  /** Gone through, but what is shown was read before: they count until it has been read anew. */
  unread = $state.raw<readonly Queued[]>([]);
  refused = $state.raw<readonly Refused[]>([]);
  sending = $state(false);

  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #stopped = false;
  #busy = false;

  /** `done`: called after a command went through or was refused. */
  constructor(private readonly done: () => void) {
    window.addEventListener("online", this.#online);
    void this.#look().then(() => this.send());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    window.removeEventListener("online", this.#online);
  }

  #online = (): void => {
    this.#tries = 0;
    void this.send();
  };

  async press({ path, method = "POST", body = {}, label, makes = [] }: Press): Promise<void> {
    const happenedAt = new Date(serviceClock.exact()).toISOString();
    await enqueue({ key: newKey(), method, path, body, happenedAt, label, makes });
    await this.#look();
    this.#tries = 0;
    await this.send();
  }

  /** What was sent up to now is in what is read from now on; gives what to call once that has been read. */
  reading(): () => void {
    const known = this.unread;
    return () => (this.unread = this.unread.filter((one) => !known.includes(one)));
  }

  dismiss(key: string): void {
    this.refused = this.refused.filter((one) => one.key !== key);
  }

  async #look(): Promise<void> {
    this.waiting = await queued();
  }

  /** Sends what waits, as far as it goes. */
  async send(): Promise<void> {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      await navigator.locks.request("siaga.driver.outbox", async () => {
        for (let one = (await queued())[0]; one !== undefined && !this.#stopped; one = (await queued())[0]) {
          if (!(await this.#one(one))) break;
        }
      });
    } finally {
      this.#busy = false;
      this.sending = false;
      await this.#look();
    }
    if (this.waiting.length > 0 && !this.#stopped) {
      this.#timer = setTimeout(() => void this.send(), AGAIN_MS[Math.min(this.#tries++, AGAIN_MS.length - 1)]);
    }
  }

  /** Whether it is over with a command, one way or the other. */
  async #one(one: Queued): Promise<boolean> {
    if (session.who?.csrf == null) return false; // begun without coverage: who is signed in is not confirmed yet
    this.sending = true;
    try {
      await give({ method: one.method, path: one.path, body: { ...one.body, happened_at: one.happenedAt }, key: one.key }, 0);
      this.unread = [...this.unread, one];
    } catch (error) {
      if (error instanceof Unreachable || (error instanceof Problem && (error.status >= 500 || error.status === 429))) return false;
      if (error instanceof Problem && error.signedOut) {
        session.ended();
        return false;
      }
      this.refused = [...this.refused, { key: one.key, label: one.label, why: says(error) }];
    }
    this.#tries = 0;
    if (one.id !== undefined) await dequeue(one.id);
    await this.#look();
    this.done();
    return true;
  }
}
