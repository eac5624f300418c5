/** The facilities of a region. */
import { get } from "./http";
import type { Facility } from "./shapes";

const PAGE = 1000;

/** Every facility, page by page; `at`: of the region. Raises as `get` does. */
export async function allFacilities(at: string): Promise<Facility[]> {
  const all: Facility[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { facilities: Facility[]; next: string | null } = await get(`${at}/facilities?limit=${PAGE}${from}`);
    all.push(...page.facilities);
    cursor = page.next;
  } while (cursor !== null);
  return all;
}

/** Why a facility declines, the commonest first; their words are in `dispatch.decline`. */
export const DECLINES = ["room_full", "icu_full", "no_equipment", "no_doctor", "not_covered", "other"] as const;
