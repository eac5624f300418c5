/** Times as a person of the region types them, and the moments that they are. */

/** A moment as an input of type datetime-local has it, in the zone. */
export function local(when: string | number, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  }).formatToParts(new Date(when));
  const of = (type: string): string => parts.find((one) => one.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

/** The moment (ISO, UTC) at which clocks of the zone show this. */
export function moment(typed: string, zone: string): string {
  const wanted = Date.parse(`${typed}:00Z`);
  let found = wanted;
  // Twice, since the zone's offset may be another one at the first guess.
  for (let round = 0; round < 2; round++) found += wanted - Date.parse(`${local(found, zone)}:00Z`);
  return new Date(found).toISOString();
}
