/** What the intake says, and how the service takes it. */
import type { Json } from "../shared/http";
import type { PriorityName } from "../shared/shapes";

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

/** What fields say, as the service takes it; only what differs from `before`. */
export function changes(before: Fields, now: Fields): Json {
  const body: Json = {};
  const differs = (...names: (keyof Fields)[]) => names.some((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]));
  if (differs("kind") && now.kind) body["kind"] = now.kind;
  if (differs("priority") && now.priority) body["priority"] = now.priority;
  if (differs("place", "address", "landmark") && now.place !== null) {
    body["place"] = { ...now.place, ...(now.address ? { address: now.address } : {}), ...(now.landmark ? { landmark: now.landmark } : {}) };
  }
  if (differs("goal", "goalName") && now.goal !== null) body["destination"] = { ...now.goal, ...(now.goalName ? { address: now.goalName } : {}) };
  const caller: Json = {};
  if (differs("callerName")) caller["name"] = now.callerName;
  if (differs("callerPhone")) caller["phone"] = now.callerPhone;
  if (Object.keys(caller).length > 0) body["caller"] = caller;
  const person: Json = {};
  if (differs("name")) person["name"] = now.name;
  if (differs("complaint")) person["complaint"] = now.complaint;
  if (Object.keys(person).length > 0) body["person"] = person;
  if (differs("note") && now.note) body["note"] = now.note;
  if (differs("pickupAt") && now.pickupAt) body["pickup_at"] = now.pickupAt;
  return body;
}
