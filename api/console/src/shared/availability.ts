/** How old a word on a facility may be before it is asked for again. */
import type { Claim } from "./shapes";

export const STATES = ["open", "full", "diverting", "closed"] as const;
export type StateName = (typeof STATES)[number];

/** Minutes after which a word counts half as much: `half_life_minutes` of data/facilities.toml; a test holds the two together. */
export const OLD_MINUTES: Record<StateName, number> = { open: 120, full: 120, diverting: 60, closed: 720 };

/** Each state's sign: its shape says the same as its colour. */
export const SIGNS: Record<StateName, string> = { open: "●", full: "■", diverting: "▲", closed: "✕" };

export const isState = (name: string): name is StateName => (STATES as readonly string[]).includes(name);

/** Whether a word is too old to be relied on; `age` in seconds. */
export const isOld = (claim: Claim, age: number): boolean => age / 60 > (isState(claim.state) ? OLD_MINUTES[claim.state] : 0);
