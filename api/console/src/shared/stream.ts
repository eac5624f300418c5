/**
 * What happens in a region, as it happens. A browser opens few connections to one address, so the tabs of a browser share one
 * stream: whoever holds the lock listens and tells the others. When that tab closes, the next one takes over.
 */
export interface Told {
  /** The event's id; "" for positions and notices. */
  id: string;
  /** case_opened, … ; or "fixes", "gap", "store", "lost", "open" (`data.resumed`: it goes on after the last event seen) */
  type: string;
  data: unknown;
}

export interface HappenedData {
  about: string;
  version: number;
  type: string;
  happened_at: string;
  recorded_at: string;
  role: string;
  command: string;
  event: Record<string, unknown>;
}

type Listener = (told: Told) => void;

/** Events that the service sends by name; an EventSource hears only those that it was told to listen for. */
const NAMES = [
  "case_opened", "case_described", "particulars_noted", "patient_added", "search_moved", "help_refused", "vehicle_passed_over",
  "patient_assigned", "patient_met", "patient_boarded", "patient_arrived", "patient_handed_over", "patient_released", "patient_died",
  "patient_ended", "goal_changed", "facility_asked", "attempt_moved", "desk_asked", "desk_answered", "desk_withdrawn", "case_closed",
  "case_clock_rang", "run_started", "run_retriaged", "run_due", "run_turned", "run_progressed", "run_rerouted", "riders_joined",
  "rider_left", "run_emptied", "run_ended", "stamp_corrected", "run_signalled", "run_clock_rang", "unit_registered", "unit_moved",
  "unit_broke", "unit_retired", "officer_registered", "shift_set", "officer_moved", "officer_retired", "condition_posted",
  "condition_withdrawn", "availability_claimed", "fixes", "gap", "store", "ping",
] as const;

const SILENT_MS = 40_000; // the service says something every 15 s
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000];

export class Stream {
  #last = "";
  #source: EventSource | undefined;
  #channel: BroadcastChannel;
  #stopped = new AbortController();
  #watch: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #leader: ReturnType<typeof setTimeout> | undefined;
  #alone = false;

  constructor(
    private readonly region: string,
    who: string,
    private readonly listener: Listener,
  ) {
    // Tabs of different people, or of different regions, share nothing.
    const name = `siaga.events.${who}.${region}`;
    this.#channel = new BroadcastChannel(name);
    // The machine itself says when its network goes and comes; waiting for the stream to notice takes longer.
    const { signal } = this.#stopped;
    window.addEventListener("offline", () => this.#source !== undefined && this.#lost(), { signal });
    window.addEventListener("online", () => this.again(), { signal });
    this.#channel.onmessage = (message: MessageEvent<Told | "who leads?" | "again">) => {
      if (message.data === "again") {
        if (this.#source !== undefined) this.again();
        return;
      }
      if (message.data === "who leads?") {
        if (this.#source?.readyState === EventSource.OPEN) this.#channel.postMessage({ id: "", type: "open", data: { resumed: true } });
        return;
      }
      if (message.data.id) this.#last = message.data.id;
      this.#heardLeader();
      if (message.data.type !== "ping") this.listener(message.data);
    };
    this.#channel.postMessage("who leads?");
    void navigator.locks
      .request(name, { signal: this.#stopped.signal }, () => {
        this.#connect();
        return new Promise<void>((done) => this.#stopped.signal.addEventListener("abort", () => done()));
      })
      .catch(() => undefined); // stopped before its turn came
  }

  /** Tries to connect now instead of later; a tab that only listens to another one asks that one. */
  again(): void {
    if (this.#source === undefined) {
      this.#channel.postMessage("again");
    } else if (this.#source.readyState === EventSource.CLOSED) {
      clearTimeout(this.#watch);
      this.#connect();
    }
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#watch);
    clearTimeout(this.#leader);
    this.#source?.close();
    this.#channel.close();
  }

  #connect(): void {
    if (this.#stopped.signal.aborted) return;
    clearTimeout(this.#leader); // this tab leads
    this.#alone = false;
    const after = this.#last === "" ? "" : `&after=${this.#last}`;
    const source = new EventSource(`/v1/events?region=${encodeURIComponent(this.region)}${after}`);
    this.#source = source;
    this.#heard();
    source.onopen = () => {
      this.#tries = 0;
      this.#tell({ id: "", type: "open", data: { resumed: after !== "" } });
    };
    source.onerror = () => this.#lost();
    for (const name of NAMES) {
      source.addEventListener(name, (message: MessageEvent<string>) => {
        this.#heard();
        if (name === "ping") {
          this.#channel.postMessage({ id: "", type: "ping", data: null });
          return;
        }
        if (message.lastEventId) this.#last = message.lastEventId;
        const id = name === "fixes" || name === "store" ? "" : message.lastEventId;
        this.#tell({ id, type: name, data: JSON.parse(message.data) });
      });
    }
  }

  /** A connection that says nothing is as good as none: a proxy may hold it open to nobody. */
  #heard(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(), SILENT_MS);
  }

  /** Another tab listens for this one; when it says nothing any more, what is shown here no longer changes. */
  #heardLeader(): void {
    clearTimeout(this.#leader);
    if (this.#alone) this.listener({ id: "", type: "open", data: { resumed: false } });
    this.#alone = false;
    this.#leader = setTimeout(() => {
      this.#alone = true;
      this.listener({ id: "", type: "lost", data: null });
    }, SILENT_MS);
  }

  #lost(): void {
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#tell({ id: "", type: "lost", data: null });
    const wait = RETRY_MS[Math.min(this.#tries++, RETRY_MS.length - 1)] ?? 15_000;
    this.#watch = setTimeout(() => this.#connect(), wait);
  }

  #tell(told: Told): void {
    this.listener(told);
    if (!this.#stopped.signal.aborted) this.#channel.postMessage(told);
  }
}
