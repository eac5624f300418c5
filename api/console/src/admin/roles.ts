/** What data/roles.toml says of the roles and the service's list of them doesn't; a test holds the two together. */

/** Roles for programs and devices only: nobody signs in as one. */
export const PROGRAMS: readonly string[] = ["tracker", "metrics"];

/** Roles that are tied to one vehicle or facility. */
export const UNITS: Readonly<Record<string, "vehicle" | "facility">> = { driver: "vehicle", facility: "facility", tracker: "vehicle" };

export interface Grant { roles: string[]; regions: string[] | null; vehicle: string | null; facility: string | null }

/** A grant without a vehicle or facility that none of its roles is tied to. */
export function tidy(grant: Grant): Grant {
  const needed = new Set(grant.roles.map((role) => UNITS[role]));
  return {
    ...grant,
    vehicle: needed.has("vehicle") ? grant.vehicle?.trim() || null : null,
    facility: needed.has("facility") ? grant.facility?.trim() || null : null,
  };
}
