/** What a crew may press next, with what it sends and what it makes true at once; and how a run stands with what waits to be sent. */
import type { Case, Offer, Patient, Run } from "../shared/shapes";
import { isIn, nextOf, type Care, type Point, type Rider as OnBoard, type Standing as StandingOf } from "../shared/steps";
import type { Job, Makes, Queued } from "./kept";
import type { Press } from "./outbox.svelte";

/** Somebody on the run. */
export interface Rider extends OnBoard {
  one: Case;
  /** As people say it; "" where nobody has. */
  name: string;
  /** Whom a facility is asked to take, and has not said. */
  offer: Offer | null;
  /** The desk's request that waits for an answer. */
  request: string | null;
}

export interface Step extends Press {
  /** The key of its text. */
  text: string;
  /** What its text names. */
  values: Record<string, string>;
}

export type Standing = StandingOf<Rider>;

export const keyOf = (one: { id: string }, patient: { id: string }): string => `${one.id}/${patient.id}`;

/** Run and riders as they will be once what waits to be sent has gone through; null: there is no run. */
export function presumed(job: Job, waiting: readonly Queued[]): Standing | null {
  const { run } = job;
  if (run === null) return null;
  let state = run.state;
  const changed = new Map<string, Makes["patients"] extends Record<string, infer T> | undefined ? T : never>();
  const requests = new Map<string, string>();
  const answered = new Set<string>();
  for (const { makes } of waiting) {
    if (makes.run?.id === run.id) state = makes.run.state;
    for (const [who, change] of Object.entries(makes.patients ?? {})) changed.set(who, { ...changed.get(who), ...change });
    for (const [who, request] of Object.entries(makes.asked ?? {})) requests.set(who, request);
    for (const one of makes.answered ?? []) answered.add(one);
  }
  const riders = run.riders.flatMap(({ case: id, patient: name }) => {
    const one = job.cases.find((found) => found.id === id);
    const found = one?.patients.find((two) => two.id === name);
    if (one === undefined || found === undefined) return [];
    const who = keyOf(one, found);
    const patient = { ...found, ...changed.get(who) };
    const request = one.desk.find((asked) => asked.patient === name && asked.state === "asked")?.id ?? requests.get(who);
    return [{
      one, patient, name: job.particulars[id]?.patients[name]?.["name"]?.value ?? "",
      offer: one.offers.find((asked) => asked.patient === name && asked.state === "offered" && !answered.has(asked.id)) ?? null,
      request: request === undefined || answered.has(request) ? null : request,
    }];
  });
  return { run: { ...run, state }, riders: riders.filter((rider) => rider.patient.state !== "ended") };
}

/** How far the run is once a point has been pressed. */
const AFTER: Record<Point, Run["state"]> = {
  acknowledged: "acknowledged", departed: "en_route", at_scene: "at_scene", with_patient: "with_patient", left_scene: "carrying",
  at_facility: "at_facility", left_facility: "carrying", available: "ended",
};

/** Whom a point moves, as the service takes it where nobody is named. */
function moved(name: Point, riders: Rider[]): [Rider[], Patient["state"]] {
  const first = (...states: Patient["state"][]) => {
    for (const state of states) {
      const found = riders.filter(isIn(state));
      if (found.length > 0) return state === "assigned" ? found.filter((rider) => rider.one.id === found[0]?.one.id) : found;
    }
    return [];
  };
  switch (name) {
    case "with_patient":
      return [first("assigned"), "met"];
    case "left_scene":
      return [first("met", "assigned"), "aboard"];
    case "at_facility": {
      const aboard = first("aboard", "met", "assigned");
      const door = aboard.find((rider) => rider.patient.goal !== null)?.patient.goal?.id;
      return [aboard.filter((rider) => rider.patient.goal?.id === door), "at_facility"];
    }
    default:
      return [[], "aboard"];
  }
}

function point(at: string, { run, riders }: Standing, name: Point): Step {
  const [whom, state] = moved(name, riders);
  const goal = (name === "at_facility" ? whom : riders.filter(isIn("met", "aboard", "assigned"))).find((rider) => rider.patient.goal?.name)?.patient.goal?.name ?? "";
  const named = ["left_scene", "at_facility", "left_facility"].includes(name);
  return {
    path: `${at}/runs/${run.id}/progress`,
    body: { point: name },
    label: name,
    text: `driver.step.${name}${named && goal === "" ? "_open" : ""}`,
    values: { goal },
    makes: { run: { id: run.id, state: AFTER[name] }, patients: Object.fromEntries(whom.map((rider) => [keyOf(rider.one, rider.patient), { state }])) },
  };
}

function forPatient(at: string, { run, riders }: Standing, rider: Rider, what: Care): Step {
  const others = riders.filter((other) => other !== rider);
  const delivered = what === "handover" && rider.patient.goal?.kind === "given"; // nobody's treatment begins there
  const ends = what !== "handover" || delivered;
  const state: Run["state"] = others.length === 0 && ends ? "clearing" : others.every(isIn("handed_over")) ? "escorting" : run.state;
  return {
    path: `${at}/cases/${rider.one.id}/patients/${rider.patient.id}/${what === "served" ? "end" : what}`,
    body: what === "served" ? { outcome: "served" } : {},
    label: what,
    text: `driver.step.${delivered ? "delivered" : what}${riders.length > 1 ? "_of" : ""}`,
    values: { patient: rider.name || rider.patient.id },
    makes: { run: { id: run.id, state }, patients: { [keyOf(rider.one, rider.patient)]: { state: ends ? "ended" : "handed_over" } } },
  };
}

/** What may be pressed next, the likeliest first; nothing where the crew can only wait. `at`: of the region. */
export function nextSteps(at: string, job: Job, here: Standing): Step[] {
  return nextOf(here, { outOfOrder: job.vehicle.out_of_order, visits: job.visits, leg: job.route?.leg }).map((next) =>
    next.care === undefined ? point(at, here, next.point) : forPatient(at, here, next.rider, next.care),
  );
}
