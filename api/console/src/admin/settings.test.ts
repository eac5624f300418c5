import { describe, expect, it } from "vitest";
import type { FigureView } from "../shared/shapes";
import { ownOf, valueOf } from "./settings";

const figure = (table: "life" | "decision", section: string, key: string, value: FigureView["default"]): FigureView =>
  ({ table, section, key, default: value, own: null, unit: "", comment: "" });

describe("a region's figures", () => {
  it("are read as they are typed", () => {
    expect(valueOf(" 0,85 ", 0.8)).toBe(0.85);
    expect(valueOf("300", 180)).toBe(300);
    expect(valueOf("1.000.000", 180)).toBeNull();
    expect(valueOf("tiga", 180)).toBeNull();
    expect(valueOf("", 180)).toBeNull();
    expect(valueOf("psc119, queue,", ["queue"])).toEqual(["psc119", "queue"]);
    expect(valueOf(" 0251 ", "")).toBe("0251");
  });

  it("are sent where they differ, and a clock's as a part of it", () => {
    const all = [
      figure("life", "clocks", "answer.first", 300), figure("life", "clocks", "answer.again", 300),
      figure("decision", "offers", "tries", 3), figure("decision", "cover", "busy_share", 0.3),
    ];
    const values = { "life.clocks.answer.first": 240, "life.clocks.answer.again": 300, "decision.offers.tries": 3, "decision.cover.busy_share": 0.4 };
    expect(ownOf(all, values)).toEqual({ life: { clocks: { answer: { first: 240 } } }, decision: { cover: { busy_share: 0.4 } } });
  });
});
