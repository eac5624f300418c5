import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { generated } from "./password";
import { PROGRAMS, tidy, UNITS } from "./roles";
import { local, moment } from "./zoned";

const FILE = fileURLToPath(new URL("../../../../data/roles.toml", import.meta.url));

describe("roles", () => {
  const table = parse(readFileSync(FILE, "utf-8")) as { role: Record<string, { unit?: string; programs_only?: boolean }>; password: { shortest: number } };

  it("are tied to vehicles and facilities as the service ties them", () => {
    const units = Object.fromEntries(Object.entries(table.role).flatMap(([name, role]) => (role.unit === undefined ? [] : [[name, role.unit]])));
    expect(UNITS).toEqual(units);
    expect([...PROGRAMS].sort()).toEqual(Object.keys(table.role).filter((name) => table.role[name]?.programs_only).sort());
  });

  it("leave out a unit that none of them is tied to", () => {
    expect(tidy({ roles: ["dispatcher"], regions: ["a"], vehicle: "V1", facility: "f" })).toEqual({ roles: ["dispatcher"], regions: ["a"], vehicle: null, facility: null });
    expect(tidy({ roles: ["driver", "dispatcher"], regions: ["a"], vehicle: " V1 ", facility: "f" }).vehicle).toBe("V1");
  });

  it("get passwords that are long enough, all different and readable", () => {
    const made = Array.from({ length: 200 }, () => generated());
    expect(new Set(made).size).toBe(200);
    for (const one of made) {
      expect(one).toMatch(/^[a-z]{6}-[a-z]{6}-[a-z]{6}$/);
      expect(one.length).toBeGreaterThanOrEqual(table.password.shortest);
    }
  });
});

describe("times of a region", () => {
  it("are the zone's, not this machine's", () => {
    expect(moment("2026-03-02T07:00", "Asia/Jakarta")).toBe("2026-03-02T00:00:00.000Z");
    expect(moment("2026-03-02T07:00", "Asia/Jayapura")).toBe("2026-03-01T22:00:00.000Z");
    expect(local("2026-03-02T00:00:00Z", "Asia/Jakarta")).toBe("2026-03-02T07:00");
  });

  it("come back as they were, also where clocks are set forward", () => {
    for (const when of ["2026-03-29T00:30", "2026-03-29T03:30", "2026-10-25T04:30"]) {
      expect(local(moment(when, "Europe/Berlin"), "Europe/Berlin")).toBe(when);
    }
  });
});
