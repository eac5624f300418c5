/**
 * How far help has got, asked every few seconds with the secret of the link.
 *
 * The secret stands in the address behind "#", which browsers send to no server as a page's address; it stays there, since it
 * would be lost with a reload otherwise, and is kept nowhere else.
 */
import { get, Problem } from "../shared/http";
import type { FamilyView } from "../shared/shapes";

const OPEN_MS = 5_000;
const HIDDEN_MS = 30_000;
const ENDED_MS = 120_000; // a case that has ended may have been merged, or its link runs out
const AGAIN_MS = 3_000;

export const secretOf = (hash: string): string => hash.replace(/^#/, "").trim();

export class Watch {
  secret = $state("");
  view = $state.raw<FamilyView | null>(null);
  /** When it was read last, in milliseconds of this machine's steady clock. */
  readAt = $state(0);
  over = $state(false);
  lost = $state(false);
  /** Anything else that the service said. */
  wrong = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;
  #number = 0;

  start(): () => void {
    const hash = () => this.#follow(secretOf(location.hash));
    const seen = () => {
      if (!document.hidden) void this.ask();
    };
    addEventListener("hashchange", hash);
    document.addEventListener("visibilitychange", seen);
    addEventListener("online", seen);
    hash();
    return () => {
      clearTimeout(this.#timer);
      removeEventListener("hashchange", hash);
      document.removeEventListener("visibilitychange", seen);
      removeEventListener("online", seen);
    };
  }

  #follow(secret: string): void {
    this.secret = secret;
    this.view = null;
    this.over = this.lost = false;
    this.wrong = "";
    void this.ask();
  }

  async ask(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.secret === "" || this.over) return;
    const mine = ++this.#number;
    try {
      const found = await get<FamilyView>(`/v1/family/${encodeURIComponent(this.secret)}`);
      if (mine !== this.#number) return;
      this.view = found;
      this.readAt = performance.now();
      this.lost = false;
      this.wrong = "";
    } catch (error) {
      if (mine !== this.#number) return;
      this.#failed(error);
    }
    if (!this.over) this.#timer = setTimeout(() => void this.ask(), this.#wait());
  }

  #failed(error: unknown): void {
    if (error instanceof Problem && error.status === 404) {
      this.over = true;
      this.view = null;
    } else if (error instanceof Problem && error.status < 500) this.wrong = error.detail;
    else this.lost = true;
  }

  #wait(): number {
    if (this.lost) return AGAIN_MS;
    if (this.view?.state === "ended") return ENDED_MS;
    return document.hidden ? HIDDEN_MS : OPEN_MS;
  }
}
