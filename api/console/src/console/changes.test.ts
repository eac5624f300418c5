import { describe, expect, it } from "vitest";
import { blank, caughtUp, changes, type Fields } from "./changes";

describe("what the intake sends", () => {
  it("sends nothing where nothing is known", () => {
    expect(changes(blank(), blank())).toEqual({});
  });
  it("sends only what differs", () => {
    const before: Fields = { ...blank(), kind: "emergency", callerPhone: "0812" };
    expect(changes(before, { ...before, priority: "red" })).toEqual({ priority: "red" });
  });
  it("sends of a place what differs: somebody else may have put the rest right meanwhile", () => {
    const before: Fields = { ...blank(), place: { longitude: 106.85, latitude: -6.48 }, address: "Jl. A" };
    expect(changes(before, { ...before, landmark: "masjid" })).toEqual({ place: { landmark: "masjid" } });
  });
  it("sends an address that nobody has found on the map yet", () => {
    expect(changes(blank(), { ...blank(), address: "gang buntu", goalName: "rumah kakak" })).toEqual({
      place: { address: "gang buntu" }, destination: { address: "rumah kakak" },
    });
  });
  it("keeps where somebody wants to go when its name changes", () => {
    const before: Fields = { ...blank(), goal: { longitude: 106.8, latitude: -6.4 }, goalName: "Pasar" };
    expect(changes(before, { ...before, goalName: "Pasar Lama" })).toEqual({ destination: { longitude: 106.8, latitude: -6.4, address: "Pasar Lama" } });
  });
  it("lets what was wrong be taken away", () => {
    expect(changes({ ...blank(), callerName: "Rina", note: "anjing", address: "Jl. A" }, blank())).toEqual({
      caller: { name: "" }, note: "", place: { address: "" },
    });
  });
});

describe("a form about what somebody else changes too", () => {
  it("keeps what was typed here and shows what was recorded there", () => {
    const before: Fields = { ...blank(), address: "Jl. A", note: "lama" };
    const typed: Fields = { ...before, note: "ada anjing" };
    const now: Fields = { ...before, address: "Jl. B", note: "pintu belakang", patients: 2 };
    expect(caughtUp(typed, before, now)).toEqual({ ...now, note: "ada anjing" });
  });
});
