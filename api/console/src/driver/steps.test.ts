import { describe, expect, it } from "vitest";
import type { Case, Patient, Run } from "../shared/shapes";
import { nextStep, presumed } from "./steps";

const patient = (state: Patient["state"], more: Partial<Patient> = {}): Patient => ({
  id: "1", state, state_text: "", run: "r", goal: { kind: "facility", id: "f", name: "RS F", phone: "", longitude: null, latitude: null }, firm: true,
  stranded_with: null, died_at: null, outcome: null, ...more,
});
const run = (state: Run["state"]): Run => ({
  id: "r", version: 1, state, state_text: "", vehicle: "A1", officers: [], helper: null, riders: [{ case: "K", patient: "1" }], kind: "emergency", priority: "red",
  chosen: "", reason: "", expected_seconds: null, due_at: null, since: "", how: null, ended_at: null, clocks: [], as_of: null,
  stamps: [],
});
const of = (one: Patient): Case => ({ id: "K", patients: [one], offers: [] }) as unknown as Case;
const label = (state: Run["state"], one: Patient) => {
  const at = run(state);
  return nextStep("/at", at, presumed(at, [of(one)], []).riders)?.label ?? null;
};

describe("the next step", () => {
  it("goes from the call to the free vehicle", () => {
    expect([
      label("assigned", patient("assigned")), label("acknowledged", patient("assigned")), label("en_route", patient("assigned")), label("at_scene", patient("assigned")),
      label("with_patient", patient("met")), label("carrying", patient("aboard")), label("at_facility", patient("at_facility")), label("escorting", patient("handed_over")),
      label("clearing", patient("ended")),
    ]).toEqual(["acknowledged", "departed", "at_scene", "with_patient", "left_scene", "at_facility", "handover", "treatment", "available"]);
  });
  it("leaves a door that refused, once there is somewhere to go", () => {
    expect(label("at_facility", patient("aboard"))).toBe("left_facility");
    expect(label("at_facility", patient("aboard", { goal: null }))).toBeNull();
  });
  it("counts on what waits to be sent", () => {
    const at = run("en_route");
    const step = nextStep("/at", at, presumed(at, [of(patient("assigned"))], []).riders);
    const queued = [{ key: "k", method: "POST" as const, path: "", body: {}, happenedAt: "", label: "", makes: step?.makes ?? [] }];
    const then = presumed(at, [of(patient("assigned"))], queued);
    expect(then.run.state).toBe("at_scene");
    expect(nextStep("/at", then.run, then.riders)?.label).toBe("with_patient");
  });
});
