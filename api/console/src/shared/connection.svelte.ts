/** How it stands with what a page hears from the service: what its banner says, and when everything is to be read anew. */
import type { Told } from "./stream";

export class Connection {
  link = $state<"connecting" | "open" | "lost">("connecting");
  /** Since when, in milliseconds of this machine's clock. */
  lostSince = $state<number | null>(null);
  /** Since when the service has been without its store; "": it doesn't know. */
  storeAway = $state<string | null>(null);
  /** Everything is being read anew. */
  catchingUp = $state(false);
  /** Something happened that was not heard, and has not been read yet. */
  missed = $state(false);
  /** What went wrong when it was read last. */
  wrong = $state("");

  /**
   * Takes what is told of the connection itself.
   *
   * @returns "stale": everything is to be read anew; "fresh": what is shown goes on being true; null: it is told of something else.
   */
  hear({ type, data }: Told, loaded: boolean): "stale" | "fresh" | null {
    switch (type) {
      case "open": {
        const broke = this.link === "lost";
        this.link = "open";
        this.lostSince = null;
        // The stream goes on after the last event that was seen; where none had been seen, what happened meanwhile is read.
        return !loaded || (broke && !(data as { resumed: boolean }).resumed) ? "stale" : "fresh";
      }
      case "lost":
        if (this.link !== "lost") this.lostSince = Date.now();
        this.link = "lost";
        return "fresh";
      case "gap":
        this.missed = loaded;
        return "stale";
      case "store": {
        const { away, since } = data as { away: boolean; since: string | null };
        const back = this.storeAway !== null && !away;
        this.storeAway = away ? (since ?? "") : null;
        return back ? "stale" : "fresh";
      }
      default:
        return null;
    }
  }

  /** Everything has been read. */
  caughtUp(): void {
    this.catchingUp = this.missed = false;
    this.wrong = "";
  }
}
