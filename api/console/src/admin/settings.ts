/** A region's figures as they are typed, and as the service takes them. */
import type { FigureView } from "../shared/shapes";

export type Value = FigureView["default"];

/** Where a figure stands. */
export const placeOf = (one: FigureView): string => `${one.table}.${one.section}.${one.key}`;

/** A value as it is typed. */
export const typedOf = (value: Value): string => (Array.isArray(value) ? value.join(", ") : String(value));

/**
 * A typed text as a value of the same type as the figure's default; null: it is none. A comma may stand for the decimal
 * point, as it is written in Indonesian; a point never groups thousands.
 */
export function valueOf(typed: string, as: Value): Value | null {
  if (Array.isArray(as)) return typed.split(",").map((one) => one.trim()).filter((one) => one !== "");
  if (typeof as === "string") return typed.trim();
  const plain = typed.trim().replace(",", ".");
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}

export const same = (a: Value, b: Value): boolean => typedOf(a) === typedOf(b);

/** What the region sets for itself: only what differs from how Siaga ships. */
export function ownOf(figures: readonly FigureView[], values: Readonly<Record<string, Value>>): { life: object; decision: object } {
  const own: Record<string, Record<string, Record<string, unknown>>> = { life: {}, decision: {} };
  for (const one of figures) {
    const value = values[placeOf(one)];
    if (value === undefined || same(value, one.default)) continue;
    const section = ((own[one.table] ??= {})[one.section] ??= {});
    const [key = "", part] = one.key.split(".");
    if (part === undefined) section[key] = value;
    else section[key] = { ...(section[key] as object | undefined), [part]: value };
  }
  return own as { life: object; decision: object };
}
