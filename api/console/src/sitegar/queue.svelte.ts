/** SITEGAR's queue, the request that was chosen, what is suggested for it, and all facilities. */
import { allFacilities } from "../shared/facilities";
import { get, give } from "../shared/http";
import { Live } from "../shared/live.svelte";
import { inPath } from "../shared/path";
import { says } from "../shared/says";
import type { DeskRow, Facility, Region, SuggestionsView } from "../shared/shapes";
import type { HappenedData } from "../shared/stream";

/** A facility of the region's list, or one in no list. */
export interface Named { facility?: string; name: string; phone?: string }

const EVERY_MS = 15_000;
const TYPES = ["desk_asked", "desk_answered", "desk_withdrawn", "availability_claimed"];

export const idOf = (row: DeskRow): string => `${row.case.id}/${row.request.id}`;

export class Queue {
  rows = $state.raw<readonly DeskRow[]>([]);
  chosen = $state<string | null>(null);
  /** What to say of requests that went, newest first. */
  words = $state.raw<readonly { id: string; case: string; word: "gone" | "done_named" | "done_arranged" | "done_nothing"; facility: string }[]>([]);
  suggested = $state.raw<SuggestionsView | null>(null);
  suggesting = $state(false);
  suggestWrong = $state("");
  /** Something was said of a facility since. */
  newer = $state(false);
  facilities = $state.raw<readonly Facility[] | null>(null);
  facilitiesWrong = $state("");
  readonly live: Live;
  readonly at: string;
  #asked = 0;
  #answered = new Set<string>();
  #claims = 0;
  #claimsRead = 0;

  constructor(region: Region) {
    this.at = `/v1/regions/${region.name}`;
    this.live = new Live({
      region: region.name, read: () => this.#read(), types: TYPES, heard: (data) => this.#heard(data), every: () => EVERY_MS,
    });
  }

  get row(): DeskRow | null {
    return this.rows.find((one) => idOf(one) === this.chosen) ?? null;
  }

  choose(id: string | null): void {
    if (id === this.chosen) return;
    this.chosen = id;
    this.suggested = null;
    this.newer = false;
    this.suggestWrong = "";
    if (id !== null) void this.suggest();
  }

  /** Reads what is suggested for the chosen request. */
  async suggest(): Promise<void> {
    const row = this.row;
    if (row === null) return;
    const mine = ++this.#asked;
    this.suggesting = true;
    try {
      const found = await get<SuggestionsView>(`${this.at}/desk/${row.case.id}/${inPath(row.request.id)}/suggestions`);
      if (mine !== this.#asked) return;
      this.suggested = found;
      this.newer = false;
      this.suggestWrong = "";
    } catch (error) {
      if (mine === this.#asked) this.suggestWrong = says(error);
    } finally {
      if (mine === this.#asked) this.suggesting = false;
    }
  }

  /** Answers a request; null: nothing was found. */
  async answer(row: DeskRow, named: Named | null, arranged: boolean, key: string): Promise<void> {
    const facility = named === null ? null : named.facility === undefined ? { name: named.name, phone: named.phone ?? "" } : { facility: named.facility };
    await give({ path: `${this.at}/cases/${row.case.id}/desk/${inPath(row.request.id)}/answer`, body: { facility, arranged }, key });
    this.#answered.add(idOf(row));
    this.#say(row, named === null ? "done_nothing" : arranged ? "done_arranged" : "done_named", named?.name ?? "");
    await this.live.refresh();
  }

  dismiss(id: string): void {
    this.words = this.words.filter((one) => one.id !== id);
  }

  /** Reads all facilities, if that has not been done since the last word on one. */
  async readFacilities(): Promise<void> {
    if (this.facilities !== null && this.#claimsRead === this.#claims) return;
    const claims = this.#claims;
    try {
      this.facilities = await allFacilities(this.at);
      this.#claimsRead = claims;
      this.facilitiesWrong = "";
    } catch (error) {
      this.facilitiesWrong = says(error);
    }
  }

  async #read(): Promise<void> {
    const rows = await get<DeskRow[]>(`${this.at}/desk`);
    const there = new Set(rows.map(idOf));
    for (const one of this.rows) {
      if (!there.has(idOf(one)) && !this.#answered.has(idOf(one))) this.#say(one, "gone", "");
    }
    for (const id of this.#answered) if (!there.has(id)) this.#answered.delete(id);
    this.rows = rows;
    if (this.chosen !== null && !there.has(this.chosen)) this.choose(null);
  }

  #say(row: DeskRow, word: (typeof this.words)[number]["word"], facility: string): void {
    const id = idOf(row);
    this.words = [{ id, case: row.case.id, word, facility }, ...this.words.filter((one) => one.id !== id)].slice(0, 4);
  }

  #heard(data: HappenedData): void {
    if (data.type !== "availability_claimed") return;
    this.#claims++;
    if (this.facilities !== null) void this.readFacilities();
    // Nothing moves under a finger that is about to press: whoever reads the list has it read anew.
    if (this.suggested !== null) this.newer = true;
  }
}
