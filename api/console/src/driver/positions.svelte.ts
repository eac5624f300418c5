/**
 * Where the telephone is, while the page is open and the crew has agreed to it: sent every few seconds, kept through a gap and
 * sent when it is over.
 */
import { serviceClock } from "../shared/clock.svelte";
import { Problem, query } from "../shared/http";
import { session } from "../shared/session.svelte";
import { dropFixes, keepFix, keptFixes, type KeptFix } from "./kept";
import type { Spot } from "./way";

const AGREED = "siaga.driver.positions";
const SEND_MS = 5_000;
const OLD_MS = 30_000;
const TRY_AGAIN = new Set([401, 408, 425, 429]);

export type PositionState = "unasked" | "no" | "insecure" | "waiting" | "on" | "denied";

export class Positions {
  state = $state<PositionState>("unasked");
  /** The last position; `seen`: by the telephone's own clock. */
  last = $state.raw<(Spot & { seen: number }) | null>(null);
  #watch: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly at: string,
    private readonly vehicle: string,
  ) {
    const kept = localStorage.getItem(AGREED);
    if (!window.isSecureContext || !("geolocation" in navigator)) this.state = "insecure";
    else if (kept === "yes") this.#begin();
    else if (kept === "no") this.state = "no";
  }

  agree(yes: boolean): void {
    localStorage.setItem(AGREED, yes ? "yes" : "no");
    this.stop();
    if (yes) this.#begin();
    else this.state = "no";
  }

  stop(): void {
    if (this.#watch !== undefined) navigator.geolocation.clearWatch(this.#watch);
    clearInterval(this.#timer);
    this.#watch = this.#timer = undefined;
    this.last = null;
  }

  #begin(): void {
    this.state = "waiting";
    this.#watch = navigator.geolocation.watchPosition(
      (found) => void this.#seen(found),
      (error) => (this.state = error.code === error.PERMISSION_DENIED ? "denied" : "waiting"),
      { enableHighAccuracy: true, maximumAge: 2_000 },
    );
    this.#timer = setInterval(() => void this.#send(), SEND_MS);
  }

  async #seen({ coords, timestamp }: GeolocationPosition): Promise<void> {
    this.state = "on";
    // The telephone's own clock may be wrong, but not by how long ago this was.
    const age = Math.min(60_000, Math.max(0, Date.now() - timestamp));
    const at = serviceClock.exact() - age * serviceClock.speed;
    this.last = { longitude: coords.longitude, latitude: coords.latitude, seen: Date.now() - age };
    await keepFix({
      vehicle: this.vehicle, longitude: coords.longitude, latitude: coords.latitude, fix_time: new Date(at).toISOString(),
      ...(coords.speed === null ? {} : { speed_kph: Math.min(1_000, Math.max(0, coords.speed * 3.6)) }),
      ...(coords.heading === null || Number.isNaN(coords.heading) ? {} : { course_deg: coords.heading % 360 }),
      accuracy_m: Math.min(100_000, coords.accuracy),
    }).catch(() => undefined); // a full telephone: the next one is sent again
  }

  async #send(): Promise<void> {
    if (this.last !== null && Date.now() - this.last.seen > OLD_MS) this.last = null;
    if (!navigator.onLine || session.who?.csrf == null) return;
    await navigator.locks.request("siaga.driver.fixes", { ifAvailable: true }, async (lock) => {
      if (lock !== null) await this.#sendAll(await keptFixes(this.vehicle)).catch(() => undefined); // they stay for the next try
    });
  }

  /** Sends positions and forgets them. Where one of many is refused, the others are sent without it. */
  async #sendAll(fixes: readonly KeptFix[]): Promise<void> {
    if (fixes.length === 0) return;
    try {
      await query(`${this.at}/fixes`, { fixes: fixes.map(({ id: _, ...fix }) => fix) });
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500 || TRY_AGAIN.has(error.status) || error.code === "csrf") throw error;
      if (error.status === 422 && fixes.length > 1) {
        const half = fixes.length >> 1;
        await this.#sendAll(fixes.slice(0, half));
        await this.#sendAll(fixes.slice(half));
        return;
      }
    }
    await dropFixes(fixes);
  }
}
