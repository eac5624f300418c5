/** What a crew may press next, from how far its run and the people on it have got. */
import type { Case, Offer, Patient, Run } from "../shared/shapes";
import type { Job, Makes, Queued } from "./kept";
import type { Press } from "./outbox.svelte";

/** Somebody on the run. */
export interface Rider {
  one: Case;
  patient: Patient;
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

/** Where a run stands, with the people on it who still need its crew. */
export interface Standing { run: Run; riders: Rider[] }

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

const toFetch = (rider: Rider): boolean => rider.patient.state === "assigned" || rider.patient.state === "met";
const isIn = (...states: Patient["state"][]) => (rider: Rider): boolean => states.includes(rider.patient.state);

/** On board at a door where nobody goes in: refused there, or bound for another one. They have to go on. */
export function goesOn({ run, riders }: Standing): Rider | undefined {
  if (run.state !== "at_facility" || riders.some(isIn("at_facility"))) return undefined;
  return riders.find(isIn("aboard"));
}

/** Whom a point moves, as the service takes it where nobody is named. */
function moved(name: string, riders: Rider[]): [Rider[], Patient["state"]] {
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

function point(at: string, { run, riders }: Standing, name: string, then: Run["state"]): Step {
  const [whom, state] = moved(name, riders);
  const goal = (name === "at_facility" ? whom : riders.filter(isIn("met", "aboard", "assigned"))).find((rider) => rider.patient.goal?.name)?.patient.goal?.name ?? "";
  const named = ["left_scene", "at_facility", "left_facility"].includes(name);
  return {
    path: `${at}/runs/${run.id}/progress`,
    body: { point: name },
    label: name,
    text: `driver.step.${name}${named && goal === "" ? "_open" : ""}`,
    values: { goal },
    makes: { run: { id: run.id, state: then }, patients: Object.fromEntries(whom.map((rider) => [keyOf(rider.one, rider.patient), { state }])) },
  };
}

function forPatient(at: string, { run, riders }: Standing, rider: Rider, what: "handover" | "treatment" | "served"): Step {
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
  const { run, riders } = here;
  const press = (name: string, then: Run["state"]) => point(at, here, name, then);
  const each = (found: Rider[], what: "handover" | "treatment" | "served") => found.map((rider) => forPatient(at, here, rider, what));
  if (job.vehicle.out_of_order) {
    // It drives no further: those at a door can still go in.
    const care = [...each(riders.filter(isIn("at_facility")), "handover"), ...each(riders.filter(isIn("handed_over")), "treatment")];
    return run.state === "clearing" ? [press("available", "ended")] : care;
  }
  const fetch = riders.some(toFetch) ? [press("at_scene", "at_scene")] : [];
  switch (run.state) {
    case "assigned":
      return [press("acknowledged", "acknowledged")];
    case "acknowledged":
      return [press("departed", "en_route")];
    case "en_route":
      return [press("at_scene", "at_scene")];
    case "at_scene":
      return [press("with_patient", "with_patient")];
    case "with_patient": {
      const stays = riders.filter((rider) => rider.patient.state === "met" && job.visits.includes(rider.one.kind ?? ""));
      const goes = riders.some((rider) => !stays.includes(rider)) || riders.length === 0 ? [press("left_scene", "carrying")] : [];
      return [...each(stays, "served"), ...goes];
    }
    case "carrying": {
      const arrive = riders.some(isIn("aboard")) ? [press("at_facility", "at_facility")] : [];
      return job.route?.leg === "carry" ? [...arrive, ...fetch] : [...fetch, ...arrive];
    }
    case "at_facility": {
      const onward = goesOn(here);
      const on = onward !== undefined && onward.patient.goal !== null ? [press("left_facility", "carrying")] : [];
      const inside = each(riders.filter(isIn("at_facility")), "handover");
      return [...inside, ...on, ...(inside.length > 0 ? [] : fetch), ...each(riders.filter(isIn("handed_over")), "treatment")];
    }
    case "escorting":
      return each(riders.filter(isIn("handed_over")), "treatment");
    case "clearing":
      return [press("available", "ended")];
    case "ended":
      return [];
  }
}
