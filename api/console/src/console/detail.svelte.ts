/** The open case: who, where exactly, what happened, whom to send. Read when it is opened, and again as it changes. */
import { get, Problem } from "../shared/http";
import { inPath } from "../shared/path";
import { says } from "../shared/says";
import type { Case, Particulars, Recommendation, Run, RouteView, TimelineEntry } from "../shared/shapes";
import { UNDER_WAY } from "../shared/steps";
import type { Board } from "./board.svelte";
import type { Desk } from "./desk.svelte";

const RANK_AGAIN_MS = 15_000;

type Line = { geometry: GeoJSON.LineString; duration_seconds: number; distance_m: number; steps: { instruction: string }[] };

export class Detail {
  /** As it is now, or as it was when it closed. */
  case = $state.raw<Case | null>(null);
  particulars = $state.raw<Particulars | null>(null);
  timeline = $state.raw<TimelineEntry[]>([]);
  recommendation = $state.raw<Recommendation | null>(null);
  /** When the ranking was made, by the service's answer; null while there is none. */
  rankedAt = $state<number | null>(null);
  ranking = $state(false);
  noRanking = $state("");
  /** The vehicle whose ways are drawn. */
  chosen = $state<string | null>(null);
  routes = $state.raw<ReadonlyMap<string, RouteView>>(new Map());
  wrong = $state("");

  #ended = false;
  #once = false;
  #legsFor = "";
  #timer: ReturnType<typeof setInterval>;
  readonly #deaf: () => void;

  constructor(
    private readonly board: Board,
    private readonly desk: Desk,
    readonly id: string,
  ) {
    void this.read();
    void this.readParticulars();
    this.#timer = setInterval(() => void this.rank(), RANK_AGAIN_MS);
    this.#deaf = this.board.listen((told) => {
      if (told.data.type === "particulars_noted" && told.about === `case/${this.id}`) void this.readParticulars();
    });
  }

  end(): void {
    this.#ended = true;
    this.#deaf();
    clearInterval(this.#timer);
  }

  get #at(): string {
    return `${this.board.at}/cases/${this.id}`;
  }

  /** Reads the case and what happened to it. */
  async read(): Promise<void> {
    try {
      const [one, timeline] = await Promise.all([get<Case>(this.#at), get<{ entries: TimelineEntry[] }>(`${this.#at}/timeline`)]);
      if (this.#ended) return;
      this.case = one;
      this.timeline = timeline.entries;
      this.wrong = "";
    } catch (error) {
      this.wrong = says(error);
    }
  }

  async readParticulars(): Promise<void> {
    try {
      this.particulars = await get<Particulars>(`${this.#at}/particulars`);
      const place = this.particulars.case["place"];
      if (this.#ended || place === undefined || place.longitude === null || place.latitude === null) return;
      this.desk.exact = [place.longitude, place.latitude];
    } catch (error) {
      this.wrong = says(error);
    }
  }

  get waits(): boolean {
    return this.case !== null && this.case.open && !this.case.draft && this.case.patients.some((one) => one.state === "waiting");
  }

  /** Asks whom to send, while somebody waits. */
  async rank(): Promise<void> {
    if (!this.waits || this.ranking) {
      if (!this.waits) this.recommendation = null;
      else this.#once = true; // what it rests on has changed meanwhile
      return;
    }
    this.ranking = true;
    try {
      const found = await get<Recommendation>(`${this.#at}/recommendation`);
      if (this.#ended) return;
      this.recommendation = found;
      this.rankedAt = Date.now();
      this.noRanking = "";
      if (!found.options.some((option) => option.vehicle.id === this.chosen)) this.chosen = found.options[0]?.vehicle.id ?? null;
    } catch (error) {
      if (this.#ended) return;
      this.recommendation = null;
      this.noRanking = error instanceof Problem && error.code === "case_is_draft" ? "" : says(error);
    } finally {
      this.ranking = false;
    }
    await this.#drawChosen();
    if (this.#once) {
      this.#once = false;
      await this.rank();
    }
  }

  /** Shows the ways of another of the choices. */
  async look(vehicle: string): Promise<void> {
    this.chosen = vehicle;
    await this.#drawChosen();
  }

  async #drawChosen(): Promise<void> {
    const wanted = this.chosen;
    if (this.#ended || this.recommendation === null || wanted === null) {
      if (!this.#ended) this.desk.legs = [];
      return;
    }
    let told: { legs: Line[] };
    try {
      told = await get<{ legs: Line[] }>(`${this.#at}/recommendation/${inPath(wanted)}/legs`);
    } catch {
      if (!this.#ended && this.chosen === wanted) this.desk.legs = []; // the choice stands without its lines
      return;
    }
    if (this.#ended || this.chosen !== wanted) return;
    this.#draw(told.legs.map((leg, at) => line(leg.geometry, at === 0 ? "reach" : "carry")), wanted);
  }

  /** Reads the routes that this case's vehicles are driving, and draws them. */
  async drive(runs: Run[]): Promise<void> {
    const found = new Map<string, RouteView>();
    for (const run of runs) {
      if (!UNDER_WAY.has(run.state)) continue; // at the scene or at a door there is none
      try {
        found.set(run.id, await get<RouteView>(`${this.board.at}/runs/${run.id}/route`));
      } catch (error) {
        // It has arrived meanwhile, or no road leads there.
        if (!(error instanceof Problem) || (error.status !== 409 && error.status !== 404 && error.status !== 422)) this.wrong = says(error);
      }
    }
    if (this.#ended) return;
    this.routes = found;
    if (this.waits) return; // the lines are those of the choices
    this.#draw([...found.values()].map((one) => line(one.route["geometry"] as GeoJSON.LineString, one.leg)), [...found.keys()].join());
  }

  #draw(legs: GeoJSON.Feature[], of: string): void {
    this.desk.legs = legs;
    if (of === this.#legsFor || !this.desk.following) return;
    this.#legsFor = of;
    const points = legs.flatMap((one) => (one.geometry as GeoJSON.LineString).coordinates as [number, number][]);
    if (this.desk.exact !== null) points.push(this.desk.exact);
    this.desk.map?.fit(points);
  }
}

const line = (geometry: GeoJSON.LineString, leg: string): GeoJSON.Feature => ({ type: "Feature", geometry, properties: { leg, chosen: true } });
