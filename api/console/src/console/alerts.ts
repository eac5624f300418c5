/** A sound for what needs somebody: once when it begins to, and again when its clock has run over; and how many cases do. */
import { chime } from "../shared/chime.svelte";
import { serviceClock } from "../shared/clock.svelte";
import type { Case, Run } from "../shared/shapes";
import { needsOf, PRESSING } from "./needs";

const QUIET_MS = 1_500; // several things at once make one sound

export class Alerts {
  /** What has been told, and whether also that its clock has run over. */
  #told = new Map<string, boolean>();
  #begun = false;
  #rangAt = 0;

  /** Looks at all open cases; gives how many need a dispatcher. */
  look(cases: Iterable<Case>, runs: ReadonlyMap<string, Run>): number {
    const now = serviceClock.exact();
    const told = new Map<string, boolean>();
    let count = 0;
    let worst: "new" | "late" | null = null;
    for (const one of cases) {
      const needs = needsOf(one, runs);
      if (needs.some((need) => PRESSING.has(need.name))) count++;
      for (const need of needs) {
        const key = `${one.id} ${need.name} ${need.since}`;
        const before = this.#told.get(key);
        const over = before === true || (need.rings !== null && Date.parse(need.rings) <= now);
        told.set(key, over);
        if (!this.#begun) continue;
        const sounds = over && before === false ? "late"
          : before === undefined && PRESSING.has(need.name) ? (one.priority === "red" || over ? "late" : "new") : null;
        worst = sounds === "late" ? "late" : (worst ?? sounds);
      }
    }
    if (worst !== null) this.#ring(worst);
    this.#told = told;
    this.#begun = true;
    return count;
  }

  /** What is worse is heard although something has just sounded. */
  #ring(kind: "new" | "late"): void {
    if (kind === "new" && performance.now() - this.#rangAt < QUIET_MS) return;
    this.#rangAt = performance.now();
    chime.play(kind);
  }
}
