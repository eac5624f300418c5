import { describe, expect, it } from "vitest";
import { gather } from "./clusters";

const spot = (id: string, x: number, y: number, rank = 0) => ({ id, x, y, rank });

describe("what can't be told apart on the map", () => {
  it("is gathered with the colour of its worst member, in its middle", () => {
    const { clusters, alone } = gather([spot("a", 0, 0), spot("b", 10, 0, 8), spot("c", 100, 0)], 26);
    expect(clusters.map((one) => [one.x, one.y, one.worst.id, one.members.length])).toEqual([[5, 0, "b", 2]]);
    expect(alone.map((one) => one.id)).toEqual(["c"]);
  });
  it("is the same wherever the borders of the cells lie", () => {
    for (let shift = 0; shift < 60; shift += 7) {
      expect(gather([spot("a", shift, shift), spot("b", shift + 18, shift + 18)], 26).clusters).toHaveLength(1);
      expect(gather([spot("a", shift, shift), spot("b", shift + 19, shift + 19)], 26).alone).toHaveLength(2);
    }
  });
  it("loses nobody and counts nobody twice", () => {
    const many = Array.from({ length: 300 }, (_, at) => spot(String(at), (at * 37) % 401, (at * 91) % 307, at % 9));
    const { clusters, alone } = gather(many, 26);
    const found = [...clusters.flatMap((one) => one.members), ...alone].map((one) => one.id);
    expect(new Set(found).size).toBe(300);
    expect(found).toHaveLength(300);
  });
});
