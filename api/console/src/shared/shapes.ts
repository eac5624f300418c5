/** What the service answers. The names are those of its OpenAPI document. */
export interface Clock { name: string; rings_at: string }
export interface Voice { name: string; phone: string }
export interface Goal { kind: string; id: string; name: string; phone: string; longitude: number | null; latitude: number | null }
export interface Position { longitude: number; latitude: number; fix_time: string; age_seconds: number; now: boolean }

export interface Region {
  name: string;
  title: string;
  time_zone: string;
  invented: boolean;
  attribution: string[];
  built_at: string;
  road_state: number;
  reports: number;
  set_aside: Record<string, string>;
  bounds: [number, number, number, number];
  middle: [number, number];
  desk_name: string;
  desk_phone: string;
  standard_minutes: number;
  fix_now_seconds: number;
}

export interface Patient {
  id: string;
  state: "waiting" | "assigned" | "met" | "aboard" | "at_facility" | "handed_over" | "ended";
  state_text: string;
  run: string | null;
  goal: Goal | null;
  firm: boolean;
  stranded_with: string | null;
  died_at: string | null;
  outcome: string | null;
}

export interface Offer {
  id: string;
  patient: string;
  facility: Goal;
  via: string;
  state: string;
  state_text: string;
  asked_at: string;
  why: string | null;
  voice: Voice | null;
}

export interface DeskRequest {
  id: string;
  patient: string;
  because: string;
  because_text: string;
  state: string;
  asked_at: string;
  offer: string | null;
  voice: Voice | null;
}

export type PriorityName = "red" | "yellow" | "green" | "black";

export interface Case {
  id: string;
  version: number;
  kind: string | null;
  kind_text: string;
  priority: PriorityName | null;
  priority_text: string;
  open: boolean;
  draft: boolean;
  near: [number, number] | null;
  received_at: string;
  recorded_at: string;
  pickup_at: string | null;
  search: { step: string; step_text: string; since: string; rung: number } | null;
  patients: Patient[];
  offers: Offer[];
  desk: DeskRequest[];
  passed_over: string[];
  merged_into: string | null;
  closed_at: string | null;
  clocks: Clock[];
  as_of: string | null;
}

export interface Stamp { point: string; point_text: string; happened_at: string; recorded_at: string; claimed_at: string | null; corrected: boolean }

export interface Run {
  id: string;
  version: number;
  state: "assigned" | "acknowledged" | "en_route" | "at_scene" | "with_patient" | "carrying" | "at_facility" | "escorting" | "clearing" | "ended";
  state_text: string;
  vehicle: string | null;
  officers: string[];
  helper: { kind: string; name: string; phone: string } | null;
  riders: { case: string; patient: string }[];
  kind: string;
  priority: PriorityName;
  chosen: string;
  reason: string;
  expected_seconds: number | null;
  due_at: string | null;
  since: string;
  stamps: Stamp[];
  how: string | null;
  ended_at: string | null;
  clocks: Clock[];
  as_of: string | null;
}

export type StatusName =
  | "standby" | "assigned" | "en_route" | "at_scene" | "carrying" | "at_facility" | "escorting" | "returning" | "on_break" | "broken";

export interface Vehicle {
  id: string;
  version: number;
  name: string;
  kind: string;
  kind_text: string;
  status: StatusName;
  status_text: string;
  since: string;
  equipment: string[];
  capacity: number;
  base: string;
  base_longitude: number | null;
  base_latitude: number | null;
  phone: string;
  run: string | null;
  free: boolean;
  out_of_order: boolean;
  invented: boolean;
  position: Position | null;
  as_of: string | null;
}

export interface Reason { code: string; text: string }

export interface Destination {
  id: string; name: string; kind: string; longitude: number; latitude: number;
  chance_declined: number; chance_refused_at_door: number; phone: string | null;
}

export interface Choice {
  rank: number;
  vehicle: {
    id: string; name: string; kind: string; kind_text: string; status: StatusName; status_text: string;
    longitude: number; latitude: number; fix_age_seconds: number | null;
    taken_to_be_at: { longitude: number; latitude: number }; diverted: boolean; invented: boolean;
  };
  facility: Destination;
  first_leg: { profile: string; minutes: number; turnout_minutes: number; drive_minutes: number; on_foot_minutes: number; doubt_minutes: number; on_foot_m: number; stop: { longitude: number; latitude: number; street: string } };
  on_scene_minutes: number;
  second_leg: { profile: string; minutes: number; on_foot_minutes: number };
  decline_minutes: number;
  expected_minutes: number;
  if_declined: Destination | null;
  uncovers: { amount: number; unit: string; share: number | null; expected_share: number };
  remarks: Reason[];
}

export interface LeftOut { id: string; name: string; reasons: Reason[] }

export interface Recommendation {
  case: string;
  version: number;
  options: Choice[];
  facilities: { rank: number; facility: Destination; transport_minutes: number; expected_minutes: number; remarks: Reason[] }[];
  vehicles_lost: LeftOut[];
  facilities_lost: LeftOut[];
  vehicles_left_out: LeftOut[];
  facilities_left_out: LeftOut[];
  made_with: { policy_text: string; asking_text: string; road_state: number; standard_minutes: number };
  labels: string[];
  attribution: string[];
}

export interface Particular { value: string; longitude: number | null; latitude: number | null; by: string; at: string }
export interface Particulars { case: Record<string, Particular>; patients: Record<string, Record<string, Particular>> }

export interface TimelineEntry { id: string; type: string; about: string; happened_at: string; recorded_at: string; by: string; role: string; event: Record<string, unknown> }

export interface Claim { capability: string | null; state: string; author: string; time: string; age_minutes: number }
export interface Facility {
  id: string; name: string; kind: string; longitude: number; latitude: number; phone: string;
  capabilities: Record<string, "yes" | "no" | "unknown">; conflicts: number; claims: Claim[];
}

export interface Kind { id: string; text: string; scheduled: boolean; destination: string; vehicles: string[]; scene_minutes: number; capabilities: Record<string, string[][]> }

export interface Step { text: string; distance_m: number; duration_s: number; longitude: number; latitude: number }
export interface RouteView { run: string; leg: "reach" | "carry"; to: string; road_state: number; assumed_start: boolean; route: Record<string, unknown> }

/** A search's result. */
export interface Place { name: string; kind: string; longitude: number; latitude: number; [more: string]: unknown }
export interface Address { street: string; street_distance_m: number | null; house_number: string; context: string[] }

export interface OfferRow {
  case: string;
  kind: string | null;
  kind_text: string;
  priority: PriorityName | null;
  priority_text: string;
  offer: Offer;
  needs: string[][];
  needs_text: string;
  vehicle_name: string | null;
  patient_state: Patient["state"];
  patient_state_text: string;
  aboard: boolean;
  position: Position | null;
  eta_minutes: number | null;
  arrives_at: string | null;
  eta_assumed: boolean;
  rings_at: string | null;
}

export interface DeskRow {
  case: Case; request: DeskRequest; needs: string[][]; needs_text: string; vehicle_name: string | null; aboard: boolean; rings_at: string | null;
}

export interface SuggestionView {
  rank: number; facility: string; name: string; kind: string; kind_text: string; phone: string; longitude: number | null; latitude: number | null;
  minutes: number; expected_minutes: number; chance_declined: number; matched: string[]; matched_text: string; unknown: string[]; unknown_text: string;
  remarks: Reason[]; claims: Claim[];
}

export interface SuggestionsView {
  case: string; request: string; patient: string; open: boolean; aboard: boolean; reckoned_from: string | null; needs: string[][]; needs_text: string;
  suggestions: SuggestionView[]; left_out: { facility: string; name: string; reasons: Reason[] }[]; left_out_count: number;
  road_state: number; attribution: string[]; labels: string[];
}

export type FamilyState = "searching" | "coming" | "there" | "on_the_way" | "arrived" | "ended";
export interface FamilyVehicleView {
  name: string; kind_text: string; state: FamilyState; state_text: string; position: Position | null; arrives_at: string | null;
  arrives_in_minutes: number | null; from_base: boolean;
}
export type FamilyRegionView = Pick<Region, "name" | "title" | "time_zone" | "bounds" | "middle" | "invented" | "attribution">;
export interface FamilyView {
  state: FamilyState; state_text: string; vehicles: FamilyVehicleView[]; as_of: string; time_zone: string; expires: string; region: FamilyRegionView;
}

export interface OfficerView {
  id: string; version: number; name: string; skills: string[]; shift_from: string | null; shift_until: string | null; on_shift: boolean; run: string | null;
}
export interface RoleView { name: string; label: Record<string, string> }
export interface PersonView {
  name: string; roles: string[]; regions: string[] | null; vehicle: string | null; facility: string | null; disabled: boolean; created: string;
  password_changed: string;
}
export interface TokenView {
  id: string; label: string; kind: "token" | "device"; role: string; regions: string[] | null; vehicle: string | null; facility: string | null;
  created: string; created_by: string; expires: string | null; last_used: string | null;
}
export interface NewTokenView { token: TokenView; secret: string }
export interface FigureView {
  table: "life" | "decision"; section: string; key: string; default: number | string | string[]; own: number | string | string[] | null; unit: string; comment: string;
}
export interface SettingsView { figures: FigureView[]; own: Record<string, unknown>; writable: boolean; note: string }
export interface OpenView { written: string | null; read_as: string | null; now: string; now_text: string; changes_at: string | null }
export interface FacilityDetailView extends Facility {
  kind_text: string; aliases: string[]; hours: OpenView; emergency_hours: OpenView;
  sources: { attribute: string; attribute_text: string; capability: string; value: string; value_text: string; source: string; date: string | null; implied: boolean }[];
  conflicts_detail: { about: string; severity: string; values: string[]; sources: string[]; chosen: string; distance_m: number | null; text: string }[];
}
