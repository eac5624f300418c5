/**
 * Where the telephone is, while the page is open and the crew has agreed to it: sent every few seconds, kept through a gap and
 * sent when it is over.
 */
import { serviceClock } from "../shared/clock.svelte";
import { query } from "../shared/http";
import { dropFixes, keepFix, keptFixes, type KeptFix } from "./kept";

const AGREED = "siaga.driver.positions";
const SEND_MS = 5_000;

export type PositionState = "unasked" | "no" | "insecure" | "waiting" | "on" | "denied";

export class Positions {
  state = $state<PositionState>("unasked");
  last = $state.raw<{ longitude: number; latitude: number; at: number } | null>(null);
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
    if (yes) this.#begin();
    else {
      this.stop();
      this.state = "no";
    }
  }

  stop(): void {
    if (this.#watch !== undefined) navigator.geolocation.clearWatch(this.#watch);
    clearInterval(this.#timer);
    this.#watch = this.#timer = undefined;
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

  async #seen({ coords }: GeolocationPosition): Promise<void> {
    this.state = "on";
    const at = serviceClock.exact(); // the telephone's own clock may be wrong
    this.last = { longitude: coords.longitude, latitude: coords.latitude, at };
    await keepFix({
      vehicle: this.vehicle, longitude: coords.longitude, latitude: coords.latitude, fix_time: new Date(at).toISOString(),
      ...(coords.speed === null ? {} : { speed_kph: Math.max(0, coords.speed * 3.6) }),
      ...(coords.heading === null || Number.isNaN(coords.heading) ? {} : { course_deg: coords.heading % 360 }),
      accuracy_m: Math.min(100_000, coords.accuracy),
    });
  }

  async #send(): Promise<void> {
    if (!navigator.onLine) return;
    await navigator.locks.request("siaga.driver.fixes", { ifAvailable: true }, async (lock) => {
      const fixes: KeptFix[] = lock === null ? [] : await keptFixes();
      if (fixes.length === 0) return;
      try {
        await query(`${this.at}/fixes`, { fixes: fixes.map(({ id: _, ...fix }) => fix) });
        await dropFixes(fixes.flatMap((one) => (one.id === undefined ? [] : [one.id])));
      } catch {
        // They stay for the next try.
      }
    });
  }
}
