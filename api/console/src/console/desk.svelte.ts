/** What the dispatcher is looking at and doing: the open case or thing, what is drawn for it, what was said last. */
import type { MapLibre } from "../map/create";
import { give, type Command, type Done } from "../shared/http";
import { says } from "../shared/says";
import type { Board } from "./board.svelte";

export type PanelName = "none" | "intake" | "case" | "vehicle" | "facility" | "report" | "cover";

export interface MapHandle {
  map: MapLibre;
  fit(points: [number, number][], zoom?: number): void;
}

/** A line of feedback. */
export interface Said { text: string; bad: boolean; at: number }

export class Desk {
  panel = $state<PanelName>("none");
  /** The open case. */
  selected = $state<string | null>(null);
  vehicle = $state<string | null>(null);
  facility = $state<string | null>(null);
  report = $state<string | null>(null);

  /** Where the open case is exactly, once it has been read. */
  exact = $state.raw<[number, number] | null>(null);
  legs = $state.raw<GeoJSON.Feature[]>([]);
  mark = $state.raw<[number, number] | null>(null);
  drawing = $state.raw<GeoJSON.Feature[]>([]);
  touched = $state.raw<GeoJSON.Feature[]>([]);
  /** Takes the next click on the map, while somebody is to point at something. */
  picking = $state.raw<((longitude: number, latitude: number) => void) | null>(null);
  following = $state(true);
  map = $state.raw<MapHandle | null>(null);

  said = $state.raw<Said | null>(null);
  /** So many commands are under way. */
  busy = $state(0);
  #under = new Set<string>();
  /** Somebody is giving a reason by its number: numbers mean nothing else meanwhile. */
  numbered = $state(false);

  constructor(readonly board: Board) {}

  say(text: string, bad = false): void {
    this.said = { text, bad, at: Date.now() };
  }

  /**
   * Gives a command and says what became of it; undefined where it was refused. What it changed is read anew at once.
   * `done`: what to say when it was done.
   */
  async do(command: Command, done = "", failed?: (error: unknown) => boolean): Promise<Done | undefined> {
    const what = `${command.method ?? "POST"} ${command.path}`;
    if (this.#under.has(what)) return undefined; // pressed twice: the first press is under way
    this.#under.add(what);
    this.busy++;
    try {
      const answer = await give(command);
      this.board.refresh(...Object.keys(answer.versions).map((one) => one.replace(/^unit\//, "unit/")));
      if (done) this.say(done);
      return answer;
    } catch (error) {
      if (failed?.(error) !== true) this.say(says(error), true);
      return undefined;
    } finally {
      this.busy--;
      this.#under.delete(what);
    }
  }

  openCase(id: string): void {
    this.#clear();
    this.selected = id;
    this.panel = "case";
    this.following = true;
  }

  showVehicle(id: string): void {
    this.#clear();
    this.selected = null;
    this.vehicle = id;
    this.panel = "vehicle";
  }

  showFacility(id: string): void {
    this.#clear();
    this.selected = null;
    this.facility = id;
    this.panel = "facility";
  }

  showReport(id: string | null): void {
    this.#clear();
    this.selected = null;
    this.report = id;
    this.panel = "report";
  }

  show(panel: PanelName): void {
    this.#clear();
    this.selected = null;
    this.panel = panel;
  }

  close(): void {
    this.show("none");
  }

  #clear(): void {
    this.legs = [];
    this.mark = null;
    this.drawing = [];
    this.touched = [];
    this.picking = null;
    this.exact = null;
  }
}
