/**
 * The service's time. Ages and clocks are reckoned by it, not by this machine's clock, which may be wrong; in a demo it runs
 * faster than the wall's.
 */
import { get } from "./http";

export interface DemoAccount {
  name: string;
  password: string;
  role: string;
  label: string;
  page: string;
}

export interface ServiceInfo {
  version: string;
  now: string;
  speed: number;
  demo: { accounts: DemoAccount[]; calls_per_hour: number; speed: number } | null;
  languages: string[];
}

const LATELY_MS = 15_000;

class ServiceClock {
  /** The service's time in milliseconds, told anew every second. */
  now = $state(Date.now());
  /** The same, told anew only now and then: for what nobody sees just now. */
  lately = $state(Date.now());
  info = $state.raw<ServiceInfo | null>(null);
  #base = Date.now();
  #since = performance.now();
  #speed = 1;

  constructor() {
    setInterval(() => (this.now = this.exact()), 1000);
    setInterval(() => (this.lately = this.now), LATELY_MS);
  }

  /** The service's time right now, in milliseconds. */
  exact(): number {
    return this.#base + (performance.now() - this.#since) * this.#speed;
  }

  get speed(): number {
    return this.#speed;
  }

  /** How far the service's time is ahead of this machine's, and how fast it runs: to go on by without coverage. */
  get reckoning(): { ahead: number; at: number; speed: number } {
    return { ahead: this.exact(), at: Date.now(), speed: this.#speed };
  }
  reckon({ ahead, at, speed }: { ahead: number; at: number; speed: number }): void {
    this.#speed = speed;
    this.#base = ahead + (Date.now() - at) * speed;
    this.#since = performance.now();
    this.now = this.exact();
  }

  /** Asks the service what time it is; half the way of the question is taken off. */
  async ask(): Promise<void> {
    const before = performance.now();
    const info = await get<ServiceInfo>("/v1/service");
    const after = performance.now();
    this.info = info;
    this.#speed = info.speed;
    this.#base = Date.parse(info.now) + ((after - before) / 2) * info.speed;
    this.#since = after;
    this.now = this.exact();
  }
}

export const serviceClock = new ServiceClock();

/** Seconds since a time, by the service's clock. */
export const ageOf = (when: string, now = serviceClock.now): number => (now - Date.parse(when)) / 1000;
/** Seconds until a time, by the service's clock. */
export const secondsTo = (when: string, now = serviceClock.now): number => (Date.parse(when) - now) / 1000;
