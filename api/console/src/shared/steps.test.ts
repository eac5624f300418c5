import { describe, expect, it } from "vitest";
import type { Goal, Patient, Run } from "./shapes";
import { nextOf, type Circumstances } from "./steps";

const DOOR: Goal = { kind: "facility", id: "f", name: "RS f", phone: "", longitude: 106.8, latitude: -6.4 };
const person = (state: Patient["state"], more: Partial<Patient> = {}): Patient => ({
  id: "1", state, state_text: "", run: "r", goal: DOOR, firm: true, stranded_with: null, died_at: null, outcome: null, ...more,
});

/** What may be pressed with these people on the run, each of a case of their own. */
function next(state: Run["state"], people: Patient[], more: Partial<Circumstances> & { kind?: string } = {}): string[] {
  const riders = people.map((patient, at) => ({ one: { id: `K${at}`, kind: more.kind ?? "emergency" }, patient }));
  return nextOf({ run: { state } as Run, riders }, { outOfOrder: false, visits: ["home_care"], leg: undefined, ...more }).map((one) => one.point ?? one.care);
}

describe("the next step", () => {
  it("goes from the call to the free vehicle", () => {
    expect([
      next("assigned", [person("assigned")]), next("acknowledged", [person("assigned")]), next("en_route", [person("assigned")]),
      next("at_scene", [person("assigned")]), next("with_patient", [person("met")]), next("carrying", [person("aboard")]),
      next("at_facility", [person("at_facility")]), next("escorting", [person("handed_over")]), next("clearing", []), next("ended", []),
    ]).toEqual([["acknowledged"], ["departed"], ["at_scene"], ["with_patient"], ["left_scene"], ["at_facility"], ["handover"], ["treatment"], ["available"], []]);
  });

  it("leaves a door that refused, once there is somewhere to go", () => {
    expect(next("at_facility", [person("aboard")])).toEqual(["left_facility"]);
    expect(next("at_facility", [person("aboard", { goal: null })])).toEqual([]);
  });

  it("stays where people are served", () => {
    expect(next("with_patient", [person("met", { goal: null })], { kind: "home_care" })).toEqual(["served"]);
  });

  it("fetches the next one of a shared trip, or goes to the door first where the service leads there", () => {
    const people = [person("aboard"), person("assigned")];
    expect(next("carrying", people, { leg: "reach" })).toEqual(["at_scene", "at_facility"]);
    expect(next("carrying", people, { leg: "carry" })).toEqual(["at_facility", "at_scene"]);
  });

  it("takes whom the crew met for being on board, where the run was read before the case", () => {
    expect(next("carrying", [person("met")])).toEqual(["at_facility"]);
    expect(next("carrying", [person("met"), person("aboard")])).toEqual(["at_scene", "at_facility"]);
  });

  it("hands over one by one", () => {
    expect(next("at_facility", [person("at_facility"), person("at_facility")])).toEqual(["handover", "handover"]);
    expect(next("at_facility", [person("handed_over"), person("at_facility")])).toEqual(["handover", "treatment"]);
  });

  it("drives no further after a breakdown, but hands over at the door", () => {
    expect(next("carrying", [person("aboard")], { outOfOrder: true })).toEqual([]);
    expect(next("at_facility", [person("at_facility")], { outOfOrder: true })).toEqual(["handover"]);
  });
});
