/**
 * A sound for what needs somebody. Browsers let a page make none before it was touched, so the page can say whether it may;
 * nothing is fetched for it.
 */
const KEPT = "siaga.sound";
const NOTES: Record<"new" | "late", number[]> = { new: [660, 880], late: [880, 660, 880, 660] };
const NOTE_S = 0.16;

class Chime {
  /** Whether the person wants sounds. */
  wanted = $state(localStorage.getItem(KEPT) !== "off");
  /** The browser lets this page sound. */
  ready = $state(false);
  /** How many sounds were asked for, by kind: for whoever watches. */
  readonly asked = { new: 0, late: 0 };
  #context: AudioContext | undefined;

  constructor() {
    const wake = () => void this.#wake();
    addEventListener("pointerdown", wake);
    addEventListener("keydown", wake);
  }

  toggle(): void {
    this.wanted = !this.wanted || !this.ready;
    localStorage.setItem(KEPT, this.wanted ? "on" : "off");
    if (this.wanted) void this.#wake().then(() => this.play("new"));
  }

  play(kind: "new" | "late"): void {
    this.asked[kind]++;
    document.documentElement.dataset["sounded"] = `${this.asked.new} ${this.asked.late}`;
    const context = this.#context;
    if (!this.wanted || context?.state !== "running") return;
    NOTES[kind].forEach((pitch, at) => {
      const from = context.currentTime + at * NOTE_S;
      const tone = context.createOscillator();
      const loud = context.createGain();
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.0001, from);
      loud.gain.exponentialRampToValueAtTime(0.3, from + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, from + NOTE_S * 0.95);
      tone.connect(loud).connect(context.destination);
      tone.start(from);
      tone.stop(from + NOTE_S);
    });
  }

  async #wake(): Promise<void> {
    this.#context ??= typeof AudioContext === "undefined" ? undefined : new AudioContext();
    if (this.#context?.state === "suspended") await this.#context.resume().catch(() => undefined);
    this.ready = this.#context?.state === "running";
  }
}

export const chime = new Chime();

/** Something that waits for an answer: since when, and when its clock rings. */
export interface Waiting { id: string; since: number; rings: number | null }

const LATE_MS = 180_000; // without a clock: this long, and a reminder
const SOON_MS = 90_000; // or so long before its clock rings

/** Sounds once for what is new, and once more for what waits too long. */
export class Reminders {
  #told = new Set<string>();
  #late = new Set<string>();

  /** Looks at everything that waits; `now` in milliseconds of the service's clock. What was there at first is new as well. */
  look(waiting: readonly Waiting[], now: number): void {
    const isLate = ({ rings, since }: Waiting) => (rings === null ? now - since > LATE_MS : rings - now < SOON_MS);
    const fresh = waiting.filter((one) => !this.#told.has(one.id));
    const late = waiting.filter((one) => this.#told.has(one.id) && !this.#late.has(one.id) && isLate(one));
    const there = new Set(waiting.map((one) => one.id));
    this.#told = there;
    this.#late = new Set([...this.#late].filter((id) => there.has(id)));
    // What comes late sounds as new, and that is enough; what has become late meanwhile sounds the next time.
    for (const one of fresh.length > 0 ? fresh.filter(isLate) : late) this.#late.add(one.id);
    if (fresh.length > 0) chime.play("new");
    else if (late.length > 0) chime.play("late");
  }
}
