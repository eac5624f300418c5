import { describe, expect, it } from "vitest";
import { changes, type Fields } from "./changes";

const blank: Fields = {
  kind: "", priority: "", place: null, address: "", landmark: "", callerName: "", callerPhone: "", patients: 1, name: "", complaint: "", note: "",
  pickupAt: "", goal: null, goalName: "",
};

describe("what the intake sends", () => {
  it("sends nothing where nothing is known", () => {
    expect(changes(blank, blank)).toEqual({});
  });
  it("sends only what differs", () => {
    const before = { ...blank, kind: "emergency", callerPhone: "0812" };
    expect(changes(before, { ...before, priority: "red" })).toEqual({ priority: "red" });
  });
  it("sends the whole place when a part of it changes, since the service keeps it as one", () => {
    const before: Fields = { ...blank, place: { longitude: 106.85, latitude: -6.48 }, address: "Jl. A" };
    expect(changes(before, { ...before, landmark: "masjid" })).toEqual({
      place: { longitude: 106.85, latitude: -6.48, address: "Jl. A", landmark: "masjid" },
    });
  });
  it("lets a name that was wrong be taken away", () => {
    expect(changes({ ...blank, callerName: "Rina" }, blank)).toEqual({ caller: { name: "" } });
  });
});
