/**
 * The intake: what is typed is recorded as one types. The first thing that is known opens the case; what is added or changed
 * goes after it, one command after the other, so that nothing overtakes anything and nothing is lost when one fails.
 */
import { get, give, newKey, Problem, type Json } from "../shared/http";
import { says } from "../shared/says";
import type { Case, Particulars } from "../shared/shapes";
import type { Board } from "./board.svelte";
import { blank, caughtUp, changes, type Fields } from "./changes";

const QUIET_MS = 700;
const MOST_PATIENTS = 50;

export class Form {
  fields = $state<Fields>(blank());
  /** The case, once something of it is recorded. */
  id = $state<string | null>(null);
  saving = $state(false);
  wrong = $state("");
  /** Something is not recorded yet. */
  open = $state(false);
  /** So many patients are recorded: there may be more, not fewer. */
  patients = $state(1);

  #saved: Fields = blank();
  /** Of the case, as it was recorded or read last. */
  #version = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The command that opens the case, while it is not known whether it was recorded: it is sent again as it was. */
  #first: { key: string; body: Json; fields: Fields } | undefined;
  /** Of the command that adds a patient, likewise. */
  #adding: string | undefined;
  #running: Promise<void> = Promise.resolve();

  /** `board`: may be another one later, when somebody has signed in again. */
  constructor(public board: Board) {}

  /** A form about a case that is there already, as it was read. */
  static of(board: Board, one: Case, told: Particulars): Form {
    const form = new Form(board);
    form.fields = fieldsOf(one, told);
    form.#took(one.version, fieldsOf(one, told));
    form.id = one.id;
    return form;
  }

  /** Something was typed or chosen; `now`: it is recorded at once. */
  changed(now = false): void {
    this.open = true;
    clearTimeout(this.#timer);
    if (now) void this.save();
    else this.#timer = setTimeout(() => void this.save(), QUIET_MS);
  }

  /** Records what is not recorded yet. */
  save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running = this.#running.then(() => this.#save());
    return this.#running;
  }

  /** Somebody else may have changed the case, which is at `version` now: what they recorded is shown, what was typed here stays. */
  catchUp(version: number): void {
    this.#running = this.#running.then(() => this.#read(version));
  }

  async #read(version: number): Promise<void> {
    if (this.id === null || version <= this.#version) return; // what was recorded from here is known
    try {
      const at = `${this.board.at}/cases/${this.id}`;
      const [one, told] = await Promise.all([get<Case>(at), get<Particulars>(`${at}/particulars`)]);
      const now = fieldsOf(one, told);
      this.fields = caughtUp($state.snapshot(this.fields), this.#saved, now);
      this.#took(one.version, now);
    } catch {
      // The next change is read; until then only what differs from what was known is sent.
    }
  }

  #took(version: number, fields: Fields): void {
    this.#version = version;
    this.#saved = { ...fields };
    this.patients = fields.patients;
  }

  /** What is to be recorded: a number that was emptied, or made smaller, is none. */
  #now(): Fields {
    const now = $state.snapshot(this.fields);
    const patients = Math.min(MOST_PATIENTS, Math.max(this.#saved.patients, Math.floor(now.patients || 1)));
    return { ...now, address: now.address.trim(), goalName: now.goalName.trim(), patients };
  }

  async #save(): Promise<void> {
    const now = this.#now();
    const body = changes(this.#saved, now);
    if (Object.keys(body).length === 0 && now.patients === this.#saved.patients) {
      this.open = false;
      this.wrong = "";
      return;
    }
    this.saving = true;
    try {
      if (this.id === null) await this.#begin(body, now);
      else await this.#goOn(this.id, body, now);
      this.wrong = "";
      const left = this.#now();
      this.open = Object.keys(changes(this.#saved, left)).length > 0 || left.patients > this.#saved.patients;
      if (this.open) this.changed(); // what was typed meanwhile
    } catch (error) {
      // What the service can't take would be refused again with the same id and another body.
      if (error instanceof Problem && error.status < 500) this.#first = this.#adding = undefined;
      this.wrong = says(error);
    } finally {
      this.saving = false;
    }
  }

  async #begin(body: Json, now: Fields): Promise<void> {
    if (now.patients > 1) body["patients"] = now.patients;
    this.#first ??= { key: newKey(), body, fields: now };
    const { key, body: sent, fields } = this.#first;
    const done = await give({ path: `${this.board.at}/cases`, body: sent, key });
    this.#first = undefined;
    this.id = Object.keys(done.versions).find((one) => one.startsWith("case/"))?.slice(5) ?? null;
    this.#recorded(done.versions, fields);
  }

  async #goOn(id: string, body: Json, now: Fields): Promise<void> {
    const at = `${this.board.at}/cases/${id}`;
    if (Object.keys(body).length > 0) {
      const done = await give({ method: "PATCH", path: at, body });
      this.#recorded(done.versions, { ...now, patients: this.#saved.patients });
    }
    while (this.#saved.patients < now.patients) {
      this.#adding ??= newKey();
      const done = await give({ path: `${at}/patients`, key: this.#adding });
      this.#adding = undefined;
      this.#recorded(done.versions, { ...this.#saved, patients: this.#saved.patients + 1 });
    }
  }

  #recorded(versions: Record<string, number>, fields: Fields): void {
    const version = versions[`case/${this.id}`] ?? this.#version;
    // Each command makes it one more: somebody else has recorded something in between where it is more than that.
    const alone = this.#version === 0 || version <= this.#version + 1;
    this.#took(alone ? version : this.#version, fields);
    if (!alone) this.catchUp(version);
    this.board.refresh(...Object.keys(versions));
  }
}

/** What a form shows of a case. */
function fieldsOf(one: Case, told: Particulars): Fields {
  const said = (name: string) => told.case[name]?.value ?? "";
  const point = (name: string) => {
    const found = told.case[name];
    return found?.longitude != null && found.latitude != null ? { longitude: found.longitude, latitude: found.latitude } : null;
  };
  const first = told.patients["1"] ?? {};
  return {
    kind: one.kind ?? "",
    priority: one.priority ?? "",
    place: point("place"),
    address: said("address"),
    landmark: said("landmark"),
    callerName: said("caller_name"),
    callerPhone: said("caller_phone"),
    note: said("note"),
    name: first["name"]?.value ?? "",
    complaint: first["complaint"]?.value ?? "",
    patients: one.patients.length,
    pickupAt: one.pickup_at ?? "",
    goal: point("goal_place"),
    goalName: said("goal_place"),
  };
}
