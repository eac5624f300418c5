import { describe, expect, it } from "vitest";
import { ahead, type Way } from "./way";

// At the equator a thousandth of a degree is 111.19 m on the sphere of 6,371,008.8 m: east 5 of them, then north 5.
const LEG_M = 555.97;
const way: Way = {
  distance_m: 2 * LEG_M, duration_seconds: 150, on_foot: { destination: null },
  geometry: { type: "LineString", coordinates: [[0, 0], [0.005, 0], [0.005, 0.005]] },
  steps: [
    { instruction: "depart", distance_m: LEG_M, duration_seconds: 50, type: "depart", modifier: null },
    { instruction: "left", distance_m: LEG_M, duration_seconds: 100, type: "turn", modifier: "left" },
    { instruction: "arrive", distance_m: 0, duration_seconds: 0, type: "arrive", modifier: null },
  ],
};
const at = (longitude: number, latitude: number) => ahead(way, { longitude, latitude });

describe("the way ahead", () => {
  it("begins with the first turn where nobody knows where one is", () => {
    expect(ahead(way, null)).toEqual({ step: 1, in_m: LEG_M, left_m: 2 * LEG_M, left_seconds: 150, off: false });
  });
  it("counts down to the turn and then to the end", () => {
    const half = at(0.0025, 0.0001);
    expect([half.step, Math.round(half.in_m), Math.round(half.left_m), Math.round(half.left_seconds), half.off]).toEqual([1, 278, 834, 125, false]);
    const after = at(0.005, 0.0025);
    expect([after.step, Math.round(after.in_m), Math.round(after.left_seconds)]).toEqual([2, 278, 50]);
  });
  it("takes a turn that has just been reached for taken", () => {
    expect(at(0.00497, 0).step).toBe(2);
  });
  it("says that one is not on it, and guesses nothing then", () => {
    expect(at(0.002, 0.001)).toEqual({ step: 1, in_m: LEG_M, left_m: 2 * LEG_M, left_seconds: 150, off: true });
  });
  it("ends at the end", () => {
    const end = at(0.005, 0.005);
    expect([end.step, Math.round(end.left_m), Math.round(end.left_seconds)]).toEqual([2, 0, 0]);
  });
});
