/** How far a run has got, and what may be pressed next: by its crew, or by a dispatcher for a crew that only has a telephone. */
import type { Case, Kind, Patient, RouteView, Run } from "./shapes";

/** States in which a vehicle drives to somebody or somewhere. */
export const UNDER_WAY: ReadonlySet<Run["state"]> = new Set(["assigned", "acknowledged", "en_route", "carrying"]);

/** Somebody on the run who still needs its crew. */
export interface Rider { one: Pick<Case, "id" | "kind">; patient: Patient }

/** Where a run stands, with the people on it who still need its crew. */
export interface Standing<R extends Rider = Rider> { run: Run; riders: R[] }

/** What else decides what comes next. */
export interface Circumstances {
  outOfOrder: boolean;
  /** As of `visitsOf`. */
  visits: readonly string[];
  /** Which way the service leads now; undefined: it has not said. */
  leg: RouteView["leg"] | undefined;
}

/** Of all kinds of cases, those for which the team stays where the person is. */
export const visitsOf = (kinds: readonly Kind[]): string[] => kinds.filter((kind) => kind.destination === "none").map((kind) => kind.id);

export type Point = "acknowledged" | "departed" | "at_scene" | "with_patient" | "left_scene" | "at_facility" | "left_facility" | "available";
/** What is done for one patient. */
export type Care = "handover" | "treatment" | "served";
export type Next<R extends Rider> = { point: Point; care?: never } | { care: Care; rider: R; point?: never };

export const isIn = (...states: Patient["state"][]) => (rider: Rider): boolean => states.includes(rider.patient.state);
const toFetch = isIn("assigned", "met");

/** On board at a door where nobody goes in: refused there, or bound for another one. They have to go on. */
export function goesOn<R extends Rider>({ run, riders }: Standing<R>): R | undefined {
  if (run.state !== "at_facility" || riders.some(isIn("at_facility"))) return undefined;
  return riders.find(isIn("aboard"));
}

/** What may be pressed next, the likeliest first; nothing where the crew can only wait. */
export function nextOf<R extends Rider>(here: Standing<R>, { outOfOrder, visits, leg }: Circumstances): Next<R>[] {
  const { run, riders } = here;
  const each = (care: Care, found: R[]): Next<R>[] => found.map((rider) => ({ care, rider }));
  const inside = () => each("handover", riders.filter(isIn("at_facility")));
  const escorted = () => each("treatment", riders.filter(isIn("handed_over")));
  // It drives no further: those at a door can still go in.
  if (outOfOrder) return run.state === "clearing" ? [{ point: "available" }] : [...inside(), ...escorted()];
  const fetch: Next<R>[] = riders.some(toFetch) ? [{ point: "at_scene" }] : [];
  switch (run.state) {
    case "assigned":
      return [{ point: "acknowledged" }];
    case "acknowledged":
      return [{ point: "departed" }];
    case "en_route":
      return [{ point: "at_scene" }];
    case "at_scene":
      return [{ point: "with_patient" }];
    case "with_patient": {
      const stays = riders.filter((rider) => rider.patient.state === "met" && visits.includes(rider.one.kind ?? ""));
      const goes = riders.length === 0 || stays.length < riders.length;
      return [...each("served", stays), ...(goes ? [{ point: "left_scene" } as const] : [])];
    }
    case "carrying": {
      // Somebody has come along: who was met, while their case is still as it was read before.
      const aboard = riders.some(isIn("aboard")) ? isIn("aboard") : isIn("met");
      const arrive: Next<R>[] = riders.some(aboard) ? [{ point: "at_facility" }] : [];
      const further = riders.some((rider) => toFetch(rider) && !aboard(rider)) ? fetch : [];
      return leg === "carry" ? [...arrive, ...further] : [...further, ...arrive];
    }
    case "at_facility": {
      const going = inside();
      const onward = goesOn(here);
      const on: Next<R>[] = onward !== undefined && onward.patient.goal !== null ? [{ point: "left_facility" }] : [];
      return [...going, ...on, ...(going.length > 0 ? [] : fetch), ...escorted()];
    }
    case "escorting":
      return escorted();
    case "clearing":
      return [{ point: "available" }];
    case "ended":
      return [];
  }
}
