/** What a crew must not miss: a new job, one that waits too long, another place to drive to, a job that is over. */
import { chime } from "../shared/chime.svelte";
import { secondsTo } from "../shared/clock.svelte";
import type { Goal } from "../shared/shapes";
import { keyOf, type Standing } from "./steps";

export interface Notice { kind: "goal" | "over"; name: string }

const SOON_S = 30;
const OWN_MS = 8_000;

export class Alerts {
  notice = $state.raw<Notice | null>(null);
  #run: string | null = null;
  #rang = "";
  #goals = new Map<string, Goal | null>();
  #own = -Infinity;

  /** The crew has pressed something itself: what changes because of it is no news. */
  own(): void {
    this.#own = performance.now();
  }

  dismiss(): void {
    this.notice = null;
  }

  /** Looks at where the run stands; `known`: it was kept on the telephone, so it has been seen already. */
  look(here: Standing | null, known: boolean): void {
    const run = here?.run ?? null;
    const news = performance.now() - this.#own > OWN_MS;
    if (run === null || run.state === "ended") {
      if (this.#run !== null && run === null && news) this.#tell({ kind: "over", name: "" });
      this.#run = null;
      this.#goals.clear();
      return;
    }
    if (run.id !== this.#run) {
      this.#run = run.id;
      this.#goals.clear();
      if (!known) this.#sound("new");
      this.notice = null;
    }
    this.#late(run.state === "assigned" ? run.clocks.find((one) => one.name === "run")?.rings_at : undefined);
    for (const rider of here?.riders ?? []) {
      const who = keyOf(rider.one, rider.patient);
      const before = this.#goals.get(who);
      const { goal, state } = rider.patient;
      this.#goals.set(who, goal);
      const heading = state === "met" || state === "aboard" || state === "at_facility";
      if (before != null && goal !== null && before.id !== goal.id && heading && news) this.#tell({ kind: "goal", name: goal.name });
    }
  }

  /** Sounds again shortly before each ring of the clock. */
  #late(rings: string | undefined): void {
    if (rings === undefined || rings === this.#rang || secondsTo(rings) > SOON_S) return;
    this.#rang = rings;
    this.#sound("late");
  }

  #tell(notice: Notice): void {
    this.notice = notice;
    this.#sound("new");
  }

  #sound(kind: "new" | "late"): void {
    chime.play(kind);
    if ("vibrate" in navigator && navigator.userActivation.hasBeenActive) navigator.vibrate([300, 150, 300]);
  }
}
