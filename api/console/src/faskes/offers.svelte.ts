/** What a facility is asked, what it has accepted, and what became of the rest while this page was open. */
import { serviceClock } from "../shared/clock.svelte";
import { get, give } from "../shared/http";
import { Live } from "../shared/live.svelte";
import { inPath } from "../shared/path";
import type { Facility, OfferRow, Region } from "../shared/shapes";
import type { HappenedData } from "../shared/stream";
import { t } from "../shared/words.svelte";

export interface Gone {
  row: OfferRow;
  /** The offer's last state that was told; null: none was. */
  state: string | null;
  why: string | null;
  at: number;
}

const MOST_GONE = 12;
const MOVING_MS = 8_000; // positions and arrivals change without an event
const QUIET_MS = 30_000;
const TYPES = ["facility_asked", "attempt_moved", "availability_claimed"];

export class Offers {
  rows = $state.raw<readonly OfferRow[]>([]);
  gone = $state.raw<readonly Gone[]>([]);
  facility = $state.raw<Facility | null>(null);
  readonly live: Live;
  readonly at: string;
  #moved = new Map<string, { state: string; why: string | null }>();

  constructor(region: Region, readonly own: string | null) {
    this.at = `/v1/regions/${region.name}`;
    this.live = new Live({
      region: region.name,
      read: () => this.#read(),
      types: TYPES,
      heard: (data) => this.#heard(data),
      every: () => (this.coming.length > 0 ? MOVING_MS : QUIET_MS),
    });
  }

  get waiting(): readonly OfferRow[] {
    return this.rows.filter((one) => one.offer.state === "offered");
  }

  get coming(): readonly OfferRow[] {
    const due = (one: OfferRow): number => (one.arrives_at === null ? Infinity : Date.parse(one.arrives_at));
    return this.rows.filter((one) => one.offer.state === "accepted").sort((a, b) => due(a) - due(b));
  }

  /** What a case is called among these offers: with the patient, where it has several here. */
  nameOf(row: OfferRow): string {
    const several = row.offer.patient !== "1" || this.rows.some((one) => one.case === row.case && one.offer.patient !== row.offer.patient);
    return several ? t("faskes.waiting.case_patient", { case: row.case, n: row.offer.patient }) : row.case;
  }

  async answer(row: OfferRow, accepted: boolean, why: string | null, note: string, key: string): Promise<void> {
    await give({ path: `${this.at}/cases/${row.case}/offers/${row.offer.id}/answer`, body: { accepted, why, note }, key });
    if (!accepted) this.#moved.set(row.offer.id, { state: "declined", why });
    await this.live.refresh();
    if (accepted) this.gone = this.gone.filter((one) => one.row.offer.id !== row.offer.id);
  }

  clear(): void {
    this.gone = [];
  }

  async #read(): Promise<void> {
    const own = this.own;
    if (own === null) return; // whoever may see everybody's offers has other pages for that
    const [rows, facility] = await Promise.all([
      get<OfferRow[]>(`${this.at}/offers?facility=${encodeURIComponent(own)}&eta=true`),
      get<Facility>(`${this.at}/facilities/${inPath(own)}`),
    ]);
    const there = new Set(rows.map((one) => one.offer.id));
    const left = this.rows.filter((one) => !there.has(one.offer.id));
    if (left.length > 0) {
      const now = serviceClock.exact();
      const told = left.map((row) => ({ row, ...(this.#moved.get(row.offer.id) ?? { state: null, why: null }), at: now }));
      this.gone = [...told, ...this.gone].slice(0, MOST_GONE);
    }
    // One that is asked, or accepted, again is no longer gone.
    this.gone = this.gone.filter((one) => !there.has(one.row.offer.id));
    for (const id of this.#moved.keys()) if (!there.has(id)) this.#moved.delete(id); // what it said stands with those that are gone
    this.rows = rows;
    this.facility = facility;
  }

  #heard(data: HappenedData): void {
    if (data.type !== "attempt_moved") return;
    const { attempt, state, why } = data.event as { attempt: string; state: string; why?: string | null };
    this.#moved.set(attempt, { state, why: why ?? null });
    // An answer that came too late, or a word on one that had gone already.
    this.gone = this.gone.map((one) => (one.row.offer.id === attempt ? { ...one, state, why: why ?? null } : one));
  }
}
