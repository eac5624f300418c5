/**
 * The intake: what is typed is recorded as one types. The first thing that is known opens the case; what is added or changed
 * goes after it, one command after the other, so that nothing overtakes anything and nothing is lost when one fails.
 */
import { give, newKey, Problem, type Json } from "../shared/http";
import { says } from "../shared/says";
import type { Case, Particulars } from "../shared/shapes";
import type { Board } from "./board.svelte";
import { changes, type Fields } from "./changes";

const blank = (): Fields => ({
  kind: "", priority: "", place: null, address: "", landmark: "", callerName: "", callerPhone: "", patients: 1, name: "", complaint: "", note: "",
  pickupAt: "", goal: null, goalName: "",
});

const QUIET_MS = 700;

export class Form {
  fields = $state<Fields>(blank());
  /** The case, once something of it is recorded. */
  id = $state<string | null>(null);
  saving = $state(false);
  savedAt = $state<number | null>(null);
  wrong = $state("");
  /** Something is not recorded yet. */
  open = $state(false);

  #saved: Fields = blank();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The command that opens the case, while it is not known whether it was recorded: it is sent again as it was. */
  #first: { key: string; body: Json; fields: Fields } | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly board: Board) {}

  /** A form about a case that is there already. */
  static of(board: Board, one: Case, told: Particulars): Form {
    const form = new Form(board);
    const said = (name: string) => told.case[name]?.value ?? "";
    const place = told.case["place"];
    const first = told.patients["1"] ?? {};
    form.fields = {
      ...blank(),
      kind: one.kind ?? "",
      priority: one.priority ?? "",
      place: place?.longitude != null && place.latitude != null ? { longitude: place.longitude, latitude: place.latitude } : null,
      address: said("address"),
      landmark: said("landmark"),
      callerName: said("caller_name"),
      callerPhone: said("caller_phone"),
      note: said("note"),
      name: first["name"]?.value ?? "",
      complaint: first["complaint"]?.value ?? "",
      patients: one.patients.length,
      pickupAt: one.pickup_at ?? "",
    };
    form.#saved = $state.snapshot(form.fields);
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

  async #save(): Promise<void> {
    const now = $state.snapshot(this.fields);
    const body = changes(this.#saved, now);
    if (Object.keys(body).length === 0 && !(this.id === null && now.patients > 1)) {
      this.open = false;
      return;
    }
    this.saving = true;
    let recorded = now;
    try {
      if (this.id === null) {
        if (now.patients > 1) body["patients"] = now.patients;
        this.#first ??= { key: newKey(), body, fields: now };
        const done = await give({ path: `${this.board.at}/cases`, body: this.#first.body, key: this.#first.key });
        this.id = Object.keys(done.versions).find((one) => one.startsWith("case/"))?.slice(5) ?? null;
        this.#refresh(done.versions);
        recorded = this.#first.fields;
      } else {
        const done = await give({ method: "PATCH", path: `${this.board.at}/cases/${this.id}`, body });
        this.#refresh(done.versions);
      }
      this.#saved = { ...recorded };
      this.savedAt = Date.now();
      this.wrong = "";
      this.open = Object.keys(changes(this.#saved, $state.snapshot(this.fields))).length > 0;
      if (recorded !== now) this.changed(); // what was typed while the first one was tried
    } catch (error) {
      // What the service can't take would be refused again with the same id and another body.
      if (error instanceof Problem && error.status < 500) this.#first = undefined;
      this.wrong = says(error);
    } finally {
      this.saving = false;
    }
  }

  #refresh(versions: Record<string, number>): void {
    this.board.refresh(...Object.keys(versions));
  }
}
