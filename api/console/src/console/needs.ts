/** What a case needs a person for, the most pressing first: what the list shows and what makes a sound. */
import type { Case, Run } from "../shared/shapes";

export type NeedName =
  | "draft" | "assign" | "outside_help" | "queue" | "desk" | "no_answer" | "unacknowledged" | "booked" | "late";

export interface Need {
  name: NeedName;
  /** Since when. */
  since: string;
  /** When its clock rings. */
  rings: string | null;
}

const rings = (clocks: { name: string; rings_at: string }[], name: string): string | null =>
  clocks.find((one) => one.name === name)?.rings_at ?? null;

/** Everything that somebody should do for a case now. */
export function needsOf(one: Case, runs: ReadonlyMap<string, Run>): Need[] {
  const found: Need[] = [];
  if (one.draft) found.push({ name: "draft", since: one.received_at, rings: rings(one.clocks, "intake") });
  if (one.search !== null && !one.draft) {
    const { step, since } = one.search;
    const name: NeedName = step === "assign" ? "assign" : step === "booked" ? "booked" : step === "queue" ? "queue" : "outside_help";
    found.push({ name, since, rings: rings(one.clocks, "search") });
  }
  for (const request of one.desk) {
    if (request.state === "asked") found.push({ name: "desk", since: request.asked_at, rings: rings(one.clocks, `desk:${request.id}`) });
  }
  for (const offer of one.offers) {
    if (offer.state === "offered") found.push({ name: "no_answer", since: offer.asked_at, rings: rings(one.clocks, `answer:${offer.id}`) });
  }
  for (const patient of one.patients) {
    const run = patient.run === null ? undefined : runs.get(patient.run);
    if (run?.state === "assigned" && !found.some((need) => need.name === "unacknowledged")) {
      found.push({ name: "unacknowledged", since: run.since, rings: rings(run.clocks, "run") });
    }
  }
  return found;
}

/** Those needs that nobody but the dispatcher can end: they are counted in the title and may make a sound. */
export const PRESSING: ReadonlySet<NeedName> = new Set(["draft", "assign", "outside_help", "queue", "desk"]);

const RANK: Record<string, number> = { red: 0, yellow: 1, green: 2, black: 3 };

/** The open cases as the service orders them: the most urgent first, then the oldest; booked trips last. */
export function ordered(cases: Iterable<Case>): Case[] {
  const key = (one: Case): [number, number, string] => [one.search?.step === "booked" ? 1 : 0, one.priority === null ? 0 : (RANK[one.priority] ?? 9), one.received_at];
  return [...cases].sort((a, b) => {
    const [aBooked, aRank, aTime] = key(a);
    const [bBooked, bRank, bTime] = key(b);
    return aBooked - bBooked || aRank - bRank || aTime.localeCompare(bTime) || a.id.localeCompare(b.id);
  });
}
