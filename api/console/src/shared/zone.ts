/** Times of day as people of a region mean them, whatever zone this machine is set to. */

/** How far a zone is ahead of UTC at a moment, in minutes. */
function ahead(moment: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(moment);
  const of = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return Math.round((local - Math.floor(moment / 1000) * 1000) / 60_000);
}

/** The moment of a local time such as "2026-11-24T08:30", as ISO 8601 in UTC; "" where it is none. */
export function momentOf(local: string, zone: string): string {
  const wanted = Date.parse(`${local}Z`);
  if (Number.isNaN(wanted)) return "";
  // Once more with what holds at that time: clocks may change between.
  const first = wanted - ahead(wanted, zone) * 60_000;
  return new Date(wanted - ahead(first, zone) * 60_000).toISOString();
}

/** A moment as an input of local date and time wants it: "2026-11-24T08:30"; "" where there is none. */
export function localOf(moment: string, zone: string): string {
  const at = Date.parse(moment);
  return Number.isNaN(at) ? "" : new Date(at + ahead(at, zone) * 60_000).toISOString().slice(0, 16);
}
