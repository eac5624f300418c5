/**
 * What was pressed goes through once, in order, with the time of the press: now, or when there is coverage again. One tab
 * sends at a time; each command has an id of its own, so that one whose answer was lost is not done twice.
 */
import { give, newKey, Problem, Unreachable, type Json } from "../shared/http";
import { says } from "../shared/says";
import { serviceClock } from "../shared/clock.svelte";
import { session } from "../shared/session.svelte";
import { dequeue, enqueue, keepRefused, putBack, queued, type Makes, type Queued, type Refusal } from "./kept";

export interface Press { path: string; method?: "POST" | "PUT"; body?: Json; label: string; makes?: Makes; key?: string }

const AGAIN_MS = [1_000, 2_000, 5_000, 10_000];
const NAME = "siaga.driver.outbox";
const TRY_AGAIN = new Set([408, 425, 429]);
/** So often a command is tried that the service fails at; then it lets those after it go. */
const FAILURES = 5;

/** Whether a command may go through later: nobody has looked at it yet. */
const passing = (error: unknown): boolean => error instanceof Unreachable || (error instanceof Problem && (error.status > 500 || TRY_AGAIN.has(error.status)));

export class Outbox {
  waiting = $state.raw<readonly Queued[]>([]);
  /** Gone through, but what is shown was read before: they count until it has been read anew. */
  unread = $state.raw<readonly Queued[]>([]);
  refused = $state.raw<readonly Queued[]>([]);
  sending = $state(false);
  /** The telephone can't keep anything: what waits is lost when the page is closed. */
  loose = $state(false);

  #loose: Queued[] = [];
  #channel = new BroadcastChannel(NAME);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  /** The command that the service failed at last, and how often. */
  #failing = { key: "", times: 0 };
  #stopped = false;
  #busy = false;

  /** `done`: called after a command went through or was refused. */
  constructor(private readonly done: () => void) {
    window.addEventListener("online", this.#now);
    document.addEventListener("visibilitychange", this.#now);
    this.#channel.onmessage = () => void this.#look().then(this.done); // another tab has sent or refused something
    void this.#others().then(() => this.#look()).then(() => this.send());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#channel.close();
    window.removeEventListener("online", this.#now);
    document.removeEventListener("visibilitychange", this.#now);
  }

  #now = (): void => {
    this.#tries = 0;
    void this.send();
  };

  /** Takes a command; its time is that of the press. */
  async press({ path, method = "POST", body = {}, label, makes = {}, key = newKey() }: Press): Promise<void> {
    const one: Queued = { key, method, path, body, label, makes, happenedAt: new Date(serviceClock.exact()).toISOString(), by: session.who?.id ?? "" };
    try {
      await enqueue(one);
    } catch {
      this.#loose.push(one); // full, or switched off: it is sent all the same
      this.loose = true;
    }
    await this.#look();
    this.#tries = 0;
    await this.send();
  }

  /** What was sent up to now is in what is read from now on; gives what to call once that has been read. */
  reading(): () => void {
    const known = this.unread;
    return () => (this.unread = this.unread.filter((one) => !known.includes(one)));
  }

  async dismiss(one: Queued): Promise<void> {
    if (one.id !== undefined) await dequeue(one.id);
    this.#loose = this.#loose.filter((other) => other !== one);
    await this.#look();
  }

  async #all(): Promise<Queued[]> {
    return [...(await queued().catch(() => [])), ...this.#loose];
  }

  async #look(): Promise<void> {
    const all = await this.#all();
    this.waiting = all.filter((one) => one.refused === undefined);
    this.refused = all.filter((one) => one.refused !== undefined);
  }

  /** What somebody else has pressed is not sent in this person's name; they are told. */
  async #others(): Promise<void> {
    const who = session.who?.id;
    for (const one of await this.#all()) if (one.refused === undefined && who !== undefined && one.by !== who) await keepRefused(one, { refused: "", failed: false });
  }

  /** Sends what waits, as far as it goes. */
  async send(): Promise<void> {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      await navigator.locks.request(NAME, async () => {
        for (;;) {
          const [one] = (await this.#all()).filter((found) => found.refused === undefined);
          if (one === undefined || this.#stopped || !(await this.#one(one))) break;
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
      await this.#over(one);
    } catch (error) {
      if (passing(error) || this.#mayStillWork(one, error)) return false;
      if (error instanceof Problem && (error.signedOut || error.code === "csrf")) return false; // nobody, or somebody else, is signed in by now
      await this.#over(one, { refused: says(error), failed: error instanceof Problem && error.status >= 500 });
    }
    this.#tries = 0;
    await this.#look();
    if (!this.#stopped) this.#channel.postMessage("changed");
    this.done();
    return true;
  }

  /** The service failed at it (500), which may be passing, or a fault of its own that would hold up everything else. */
  #mayStillWork({ key }: Queued, error: unknown): boolean {
    if (!(error instanceof Problem) || error.status !== 500) return false;
    this.#failing = { key, times: this.#failing.key === key ? this.#failing.times + 1 : 1 };
    return this.#failing.times < FAILURES;
  }

  /** Sends once more what the service failed at, with its own id and time, and before whatever was pressed after it. */
  async again(one: Queued): Promise<void> {
    const { refused: _, failed: __, ...command } = one;
    if (one.id === undefined) this.#loose = this.#loose.map((other) => (other === one ? command : other));
    else await putBack(command);
    await this.#look();
    this.#now();
  }

  async #over(one: Queued, refusal?: Refusal): Promise<void> {
    if (one.id === undefined) {
      this.#loose = this.#loose.filter((other) => other !== one);
      if (refusal !== undefined) this.#loose.push({ ...one, ...refusal });
    } else if (refusal === undefined) await dequeue(one.id);
    else await keepRefused(one, refusal);
  }
}
