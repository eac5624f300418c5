import { describe, expect, it } from "vitest";
import { pairing } from "./pairing";

describe("pairing", () => {
  it("gives the address and the identifier as the app takes them apart", () => {
    const uri = new URL(pairing("https://siaga.example:8443", "siaga_a+b/c&d"));
    expect(uri.origin + uri.pathname).toBe("https://siaga.example:8443/track/osmand");
    expect(uri.searchParams.get("id")).toBe("siaga_a+b/c&d");
    expect(Number(uri.searchParams.get("interval"))).toBe(5);
  });
});
