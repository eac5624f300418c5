import { describe, expect, it } from "vitest";
import { GLIDE_MS, Glides } from "./glide";

describe("a vehicle between two positions", () => {
  it("is where it is said to be first, and glides to where it is said to be next", () => {
    const glides = new Glides(() => false);
    expect(glides.go("A", 106, -6, 0)).toBe(true);
    expect(glides.go("A", 106, -6, 10)).toBe(false);
    expect(glides.moving(10)).toBe(false);
    glides.go("A", 106.002, -6, 1_000);
    expect(glides.moving(1_000)).toBe(true);
    expect(glides.where("A", 1_000 + GLIDE_MS / 2)?.[0]).toBeCloseTo(106.001, 9);
    expect(glides.where("A", 1_000 + GLIDE_MS)).toEqual([106.002, -6]);
    expect(glides.moving(1_000 + GLIDE_MS)).toBe(false);
  });
  it("turns where it is when the next comes before it has arrived", () => {
    const glides = new Glides(() => false);
    glides.go("A", 106, -6, 0);
    glides.go("A", 106.002, -6, 0);
    glides.go("A", 106.002, -6.002, GLIDE_MS / 2);
    expect(glides.where("A", GLIDE_MS / 2)?.[0]).toBeCloseTo(106.001, 9);
  });
  it("jumps where it was lost meanwhile, and where nothing may move", () => {
    const glides = new Glides(() => false);
    glides.go("A", 106, -6, 0);
    glides.go("A", 106.1, -6, 10);
    expect(glides.where("A", 10)).toEqual([106.1, -6]);
    const still = new Glides(() => true);
    still.go("A", 106, -6, 0);
    still.go("A", 106.001, -6, 10);
    expect(still.where("A", 10)).toEqual([106.001, -6]);
    expect(still.moving(10)).toBe(false);
  });
  it("is forgotten when it has gone", () => {
    const glides = new Glides(() => false);
    glides.go("A", 106, -6, 0);
    glides.keep(new Set());
    expect(glides.where("A", 0)).toBeUndefined();
  });
});
