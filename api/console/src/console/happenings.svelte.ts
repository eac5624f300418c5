/** The last things that happened, for who is looking at nothing in particular. */
import type { Happening } from "./board.svelte";

const MOST = 14;
/** What is worth a line; the rest is in each case's timeline. */
const WORTH: ReadonlySet<string> = new Set([
  "case_opened", "search_moved", "run_started", "run_progressed", "attempt_moved", "facility_asked", "desk_asked", "desk_answered", "patient_handed_over",
  "patient_ended", "case_closed", "unit_broke", "condition_posted", "condition_withdrawn", "run_signalled",
]);

export class LastHappenings {
  seen = $state.raw<readonly Happening[]>([]);

  hear(one: Happening): void {
    if (WORTH.has(one.data.type) && !this.seen.some((known) => known.id === one.id)) this.seen = [one, ...this.seen].slice(0, MOST);
  }
}
