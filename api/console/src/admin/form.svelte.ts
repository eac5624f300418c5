/** A form that keeps what was typed when saving fails, and says why in its place. */
import { says } from "../shared/says";

/** What the page itself refuses, in words for the person. */
export class Refused extends Error {}

export class Saving {
  busy = $state(false);
  wrong = $state("");

  /** Does it; whether it was done. */
  async run(what: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    this.wrong = "";
    try {
      await what();
      return true;
    } catch (error) {
      this.wrong = error instanceof Refused ? error.message : says(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

/** Whoever opens a form types in it next. */
export function focusFirst(form: HTMLElement): void {
  form.querySelector<HTMLElement>("input, select")?.focus();
}
