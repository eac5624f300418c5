import { describe, expect, it } from "vitest";
import { matcher } from "./search";

describe("a search by words", () => {
  it("finds every word, in any order and whatever the accents and capitals", () => {
    expect(matcher("mawar  rs")("RS Máwar")).toBe(true);
    expect(matcher("mawar melati")("RS Mawar")).toBe(false);
    expect(matcher("  ")("RS Mawar")).toBe(true);
  });
});
