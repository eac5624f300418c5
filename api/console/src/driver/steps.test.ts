import { describe, expect, it } from "vitest";
import type { Case, Goal, Patient, Run, Vehicle } from "../shared/shapes";
import type { Job, Makes, Queued } from "./kept";
import { nextSteps, presumed } from "./steps";

const door = (id: string, kind = "facility"): Goal => ({ kind, id, name: `RS ${id}`, phone: "", longitude: 106.8, latitude: -6.4 });
const person = (id: string, state: Patient["state"], more: Partial<Patient> = {}): Patient => ({
  id, state, state_text: "", run: "r", goal: door("f"), firm: true, stranded_with: null, died_at: null, outcome: null, ...more,
});
const run = (state: Run["state"], riders: Run["riders"]): Run => ({
  id: "r", version: 1, state, state_text: "", vehicle: "A1", officers: [], helper: null, riders, kind: "emergency", priority: "red",
  chosen: "", reason: "", expected_seconds: null, due_at: null, since: "", how: null, ended_at: null, clocks: [], as_of: null, stamps: [],
});

/** A job; people by case: {K: [...], L: [...]}. */
function job(state: Run["state"], people: Record<string, Patient[]>, more: Partial<Job> & { kind?: string; leg?: "reach" | "carry" } = {}): Job {
  const cases = Object.entries(people).map(([id, patients]) => ({ id, kind: more.kind ?? "emergency", patients, offers: [], desk: [] }) as unknown as Case);
  const riders = cases.flatMap((one) => one.patients.map((patient) => ({ case: one.id, patient: patient.id })));
  const route = more.leg === undefined ? null : ({ run: "r", leg: more.leg, to: "", road_state: 1, assumed_start: false, route: {} } as Job["route"]);
  return { at: 0, vehicle: { id: "A1", out_of_order: false } as Vehicle, run: run(state, riders), cases, particulars: {}, route, visits: ["home_care"], ...more };
}
const labels = (one: Job, makes: Makes[] = []) => {
  const here = presumed(one, makes.map((made, number) => queued(made, number)));
  return here === null ? null : nextSteps("/at", one, here).map((step) => step.label);
};
const queued = (makes: Makes, number = 0): Queued => ({ key: `k${number}`, method: "POST", path: "", body: {}, happenedAt: "", by: "", label: "", makes });

describe("what a crew presses", () => {
  it("presses itself through the whole run without an answer, as in a gap", () => {
    const here = job("assigned", { K: [person("1", "assigned")] });
    const pressed: string[] = [];
    const makes: Makes[] = [];
    for (let turn = 0; turn < 12; turn++) {
      const stands = presumed(here, makes.map(queued));
      const [step] = stands === null ? [] : nextSteps("/at", here, stands);
      if (step === undefined) break;
      pressed.push(step.label);
      makes.push(step.makes ?? {});
    }
    expect(pressed).toEqual(["acknowledged", "departed", "at_scene", "with_patient", "left_scene", "at_facility", "handover", "treatment", "available"]);
  });

  it("waits at a door that refused, before the service knows of it", () => {
    const inside = job("at_facility", { K: [person("1", "at_facility")] });
    expect(labels(inside, [{ patients: { "K/1": { state: "aboard", goal: null, firm: false } } }])).toEqual([]);
  });

  it("takes the kinds of visits, the way and the breakdown from the job", () => {
    expect(labels(job("with_patient", { K: [person("1", "met", { goal: null })] }, { kind: "home_care" }))).toEqual(["served"]);
    const people = { K: [person("1", "aboard")], L: [person("1", "assigned")] };
    expect(labels(job("carrying", people, { leg: "carry" }))).toEqual(["at_facility", "at_scene"]);
    expect(labels(job("carrying", people, { vehicle: { id: "A1", out_of_order: true } as Vehicle }))).toEqual([]);
  });

  it("brings home without waiting for treatment", () => {
    const home = job("at_facility", { K: [person("1", "at_facility", { goal: door("home", "given") })] });
    const stands = presumed(home, []);
    const [step] = stands === null ? [] : nextSteps("/at", home, stands);
    expect([step?.label, step?.text, step?.makes?.run?.state]).toEqual(["handover", "driver.step.delivered", "clearing"]);
  });

  it("hands over one by one, and the escort begins with the last", () => {
    const two = job("at_facility", { K: [person("1", "at_facility"), person("2", "at_facility")] });
    expect(labels(two)).toEqual(["handover", "handover"]);
    const stands = presumed(two, []);
    const [first] = stands === null ? [] : nextSteps("/at", two, stands);
    const then = presumed(two, [queued(first?.makes ?? {})]);
    expect(then?.run.state).toBe("at_facility");
    expect(labels(two, [first?.makes ?? {}])).toEqual(["handover", "treatment"]);
  });

  it("knows a request to the desk before the service has answered, and that it is answered", () => {
    const here = job("carrying", { K: [person("1", "aboard")] });
    const asked = queued({ asked: { "K/1": "key.1" } });
    expect(presumed(here, [asked])?.riders[0]?.request).toBe("key.1");
    expect(presumed(here, [asked, queued({ answered: ["key.1"] })])?.riders[0]?.request).toBeNull();
  });
});
