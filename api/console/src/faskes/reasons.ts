/** Why a facility declines, the commonest first; their words are in `dispatch.decline`. */
export const DECLINES = ["room_full", "icu_full", "no_equipment", "no_doctor", "not_covered", "other"] as const;
