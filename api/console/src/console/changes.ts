/** What the intake says, and how the service takes it. */
import type { Json } from "../shared/http";
import type { PriorityName } from "../shared/shapes";

/** What the intake asks; nothing that is typed is left out of what is sent, and what was emptied is sent as empty. */
export interface Fields {
  kind: string;
  priority: PriorityName | "";
  place: { longitude: number; latitude: number } | null;
  address: string;
  landmark: string;
  callerName: string;
  callerPhone: string;
  patients: number;
  name: string;
  complaint: string;
  note: string;
  pickupAt: string;
  goal: { longitude: number; latitude: number } | null;
  goalName: string;
}

export const blank = (): Fields => ({
  kind: "", priority: "", place: null, address: "", landmark: "", callerName: "", callerPhone: "", patients: 1, name: "", complaint: "", note: "",
  pickupAt: "", goal: null, goalName: "",
});

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * What a form shows when somebody else has changed what it is about: what was typed here stays, everything else is as it is now.
 *
 * @param before what was recorded when it was read last; `now`: what is recorded by now.
 */
export function caughtUp(typed: Fields, before: Fields, now: Fields): Fields {
  const names = Object.keys(now) as (keyof Fields)[];
  return Object.fromEntries(names.map((name) => [name, same(typed[name], before[name]) ? now[name] : typed[name]])) as unknown as Fields;
}

/** What fields say, as the service takes it; only what differs from `before`. */
export function changes(before: Fields, now: Fields): Json {
  const body: Json = {};
  const differs = (...names: (keyof Fields)[]) => names.some((name) => !same(before[name], now[name]));
  if (differs("kind") && now.kind) body["kind"] = now.kind;
  if (differs("priority") && now.priority) body["priority"] = now.priority;
  const place: Json = differs("place") && now.place !== null ? { ...now.place } : {};
  if (differs("address")) place["address"] = now.address;
  if (differs("landmark")) place["landmark"] = now.landmark;
  if (Object.keys(place).length > 0) body["place"] = place;
  if (differs("goal", "goalName")) body["destination"] = { ...now.goal, address: now.goalName };
  const caller: Json = {};
  if (differs("callerName")) caller["name"] = now.callerName;
  if (differs("callerPhone")) caller["phone"] = now.callerPhone;
  if (Object.keys(caller).length > 0) body["caller"] = caller;
  const person: Json = {};
  if (differs("name")) person["name"] = now.name;
  if (differs("complaint")) person["complaint"] = now.complaint;
  if (Object.keys(person).length > 0) body["person"] = person;
  if (differs("note")) body["note"] = now.note;
  if (differs("pickupAt") && now.pickupAt) body["pickup_at"] = now.pickupAt;
  return body;
}
