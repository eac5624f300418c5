/** What a crew presses next, from how far its run and the people on it have got. */
import type { Case, Patient, Run } from "../shared/shapes";
import type { Queued } from "./kept";
import type { Press } from "./outbox.svelte";

/** Somebody on the run. */
export interface Rider { one: Case; patient: Patient }

export interface Step extends Press {
  /** The key of its text. */
  text: string;
  /** What its text names. */
  values: Record<string, string>;
}

/** Run and riders as they will be once what waits to be sent has gone through. */
export function presumed(run: Run, cases: Case[], waiting: readonly Queued[]): { run: Run; riders: Rider[] } {
  const made = new Map<string, string>();
  for (const one of waiting) for (const fact of one.makes) made.set(fact.slice(0, fact.lastIndexOf("=")), fact.slice(fact.lastIndexOf("=") + 1));
  const state = (made.get(`run:${run.id}`) as Run["state"] | undefined) ?? run.state;
  const riders = run.riders.flatMap(({ case: id, patient }) => {
    const one = cases.find((found) => found.id === id);
    const found = one?.patients.find((two) => two.id === patient);
    if (one === undefined || found === undefined) return [];
    const stands = made.get(`patient:${id}/${patient}`) as Patient["state"] | undefined;
    return [{ one, patient: stands === undefined ? found : { ...found, state: stands } }];
  });
  return { run: { ...run, state }, riders };
}

/** On board at a door where nobody goes in: refused there, or bound for another one. They have to go on. */
export function goesOn(run: Run, riders: Rider[]): Rider | undefined {
  if (run.state !== "at_facility" || riders.some((rider) => rider.patient.state === "at_facility")) return undefined;
  return riders.find((rider) => rider.patient.state === "aboard");
}

const POINTS: Partial<Record<Run["state"], [point: string, then: Run["state"]]>> = {
  assigned: ["acknowledged", "acknowledged"],
  acknowledged: ["departed", "en_route"],
  en_route: ["at_scene", "at_scene"],
  at_scene: ["with_patient", "with_patient"],
  with_patient: ["left_scene", "carrying"],
  carrying: ["at_facility", "at_facility"],
  clearing: ["available", "ended"],
};

/** Whom a point moves, and where to: what is shown until the service has answered. */
const MOVES: Record<string, [from: Patient["state"][], to: Patient["state"]]> = {
  with_patient: [["assigned"], "met"],
  left_scene: [["met", "assigned"], "aboard"],
  at_facility: [["aboard", "met"], "at_facility"],
  left_facility: [[], "aboard"],
};

function point(at: string, run: Run, riders: Rider[], name: string, then: Run["state"]): Step {
  const [from, to] = MOVES[name] ?? [[], "waiting" as const];
  const moved = riders.filter((rider) => from.includes(rider.patient.state));
  const goal = riders.find((rider) => rider.patient.goal !== null)?.patient.goal?.name ?? "";
  return {
    path: `${at}/runs/${run.id}/progress`,
    body: { point: name },
    label: name,
    text: `driver.step.${name}`,
    values: { goal },
    makes: [`run:${run.id}=${then}`, ...moved.map((rider) => `patient:${rider.one.id}/${rider.patient.id}=${to}`)],
  };
}

/** The next step, or null where there is nothing to press but to wait. `at`: of the region. */
export function nextStep(at: string, run: Run, riders: Rider[]): Step | null {
  const live = riders.filter((rider) => rider.patient.state !== "ended");
  if (run.state === "at_facility") {
    const turned = goesOn(run, live);
    if (turned !== undefined) return turned.patient.goal === null ? null : point(at, run, live, "left_facility", "carrying");
    const inside = live.find((rider) => rider.patient.state === "at_facility");
    if (inside !== undefined) return forPatient(at, run, live, inside, "handover", "handed_over", "escorting");
  }
  if (run.state === "escorting" || run.state === "at_facility") {
    const treated = live.find((rider) => rider.patient.state === "handed_over");
    return treated === undefined ? null : forPatient(at, run, live, treated, "treatment", "ended", "clearing");
  }
  const found = POINTS[run.state];
  return found === undefined ? null : point(at, run, live, found[0], found[1]);
}

function forPatient(at: string, run: Run, live: Rider[], rider: Rider, what: "handover" | "treatment", to: Patient["state"], then: Run["state"]): Step {
  const before = what === "handover" ? "at_facility" : "handed_over";
  const last = live.filter((other) => other.patient.state === before || other.patient.state === "aboard").length <= 1;
  return {
    path: `${at}/cases/${rider.one.id}/patients/${rider.patient.id}/${what}`,
    label: what,
    text: `driver.step.${what}${live.length > 1 ? "_of" : ""}`,
    values: { patient: rider.patient.id },
    makes: [`patient:${rider.one.id}/${rider.patient.id}=${to}`, ...(last ? [`run:${run.id}=${then}`] : [])],
  };
}
