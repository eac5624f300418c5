import { describe, expect, it } from "vitest";
import { localOf, momentOf } from "./zone";

describe("local times", () => {
  it.each([
    ["2026-11-24T08:30", "Asia/Jakarta", "2026-11-24T01:30:00.000Z"],
    ["2026-11-24T08:30", "Asia/Jayapura", "2026-11-23T23:30:00.000Z"],
    ["2026-07-01T08:30", "Europe/Lisbon", "2026-07-01T07:30:00.000Z"],
    ["2026-12-01T08:30", "Europe/Lisbon", "2026-12-01T08:30:00.000Z"],
  ])("%s in %s is %s, and back", (local, zone, moment) => {
    expect(momentOf(local, zone)).toBe(moment);
    expect(localOf(moment, zone)).toBe(local);
  });
  it("says nothing of what is no time", () => {
    expect(momentOf("", "Asia/Jakarta")).toBe("");
    expect(localOf("", "Asia/Jakarta")).toBe("");
  });
});
