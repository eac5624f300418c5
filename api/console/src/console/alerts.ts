/**
 * A sound for what needs somebody: once when it begins to, and again when its clock has run over. Browsers allow sound only
 * after the person has touched the page; until then the title alone says it.
 */
import { serviceClock } from "../shared/clock.svelte";
import type { Case, Run } from "../shared/shapes";
import { needsOf, PRESSING } from "./needs";

const KEPT = "siaga.sound";

export class Alerts {
  #known = new Map<string, boolean>();
  #context: AudioContext | undefined;
  #first = true;

  get on(): boolean {
    return localStorage.getItem(KEPT) !== "off";
  }
  set on(value: boolean) {
    localStorage.setItem(KEPT, value ? "on" : "off");
  }

  /** Looks at all open cases; makes a sound if something new needs somebody. Gives how many do. */
  look(cases: Iterable<Case>, runs: ReadonlyMap<string, Run>): number {
    const now = serviceClock.exact();
    const seen = new Map<string, boolean>();
    let count = 0;
    for (const one of cases) {
      const needs = needsOf(one, runs);
      if (needs.some((need) => PRESSING.has(need.name))) count++;
      for (const need of needs) {
        const over = need.rings !== null && Date.parse(need.rings) <= now;
        const key = `${one.id} ${need.name} ${need.since}`;
        const before = this.#known.get(key);
        seen.set(key, over || before === true);
        if (!this.#first && ((before === undefined && PRESSING.has(need.name)) || (over && before === false))) this.#ring(one.priority === "red" || over);
      }
    }
    this.#known = seen;
    this.#first = false;
    return count;
  }

  #rangAt = 0;
  #ring(urgent: boolean): void {
    if (!this.on || !navigator.userActivation.hasBeenActive || performance.now() - this.#rangAt < 1_500) return;
    this.#rangAt = performance.now();
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume();
    const begin = this.#context.currentTime;
    const tones = urgent ? [880, 660, 880] : [660, 880];
    tones.forEach((tone, at) => this.#tone(tone, begin + at * 0.18));
  }

  #tone(hertz: number, at: number): void {
    const context = this.#context;
    if (context === undefined) return;
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.2, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.16);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(at);
    oscillator.stop(at + 0.17);
  }
}
