/** What an event says, in words: what it is about and the one or two things that matter. */
import type { Vehicle } from "../shared/shapes";
import { known, t } from "../shared/words.svelte";

/** The words after an event's title. `vehicles`: for their names. */
export function told(type: string, event: Record<string, unknown>, vehicles: ReadonlyMap<string, Vehicle>): string {
  const said: string[] = [];
  const put = (key: string, section: string) => {
    const value = event[key];
    if (typeof value === "string" && known(`${section}.${value}`)) said.push(t(`${section}.${value}`));
  };
  put("point", "dispatch.point");
  if (type === "unit_moved") put("status", "dispatch.status");
  put("kind", "dispatch.case");
  put("priority", "dispatch.priority");
  const goal = event["goal"] as { name?: string } | null | undefined;
  if (goal?.name) said.push(goal.name);
  if (typeof event["unit"] === "string") said.push(vehicles.get(event["unit"])?.name ?? event["unit"]);
  if (type === "attempt_moved" && typeof event["state"] === "string") said.push(t(`console.event.attempt.${event["state"]}`));
  put("why", "dispatch.decline");
  if (typeof event["reason"] === "string" && event["reason"]) said.push(event["reason"]);
  return said.join(" · ");
}
