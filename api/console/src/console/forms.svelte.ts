/**
 * Forms that somebody is filling in or has left with something that is not recorded. They are kept in this page's memory and
 * nowhere else, also when the session ends, for whoever filled them in: nobody has to ask a caller twice.
 */
import type { Board } from "./board.svelte";
import type { Form } from "./form.svelte";

/** A form that was left; `by`: who filled it in, and for which region. */
export interface Left { form: Form; by: string; region: string }

class Forms {
  /** Left, and not recorded as a whole. */
  left = $state.raw<readonly Left[]>([]);
  #shown = new Set<Form>();

  shown(form: Form): void {
    this.#shown.add(form);
    this.drop(form);
  }

  /** The form is shown no more: what is not recorded yet goes on being recorded. */
  async leave(form: Form, by: string, region: string): Promise<void> {
    this.#shown.delete(form);
    if (!form.open) return;
    this.left = [...this.left.filter((one) => one.form.open), { form, by, region }];
    await form.save();
    if (!form.open) this.drop(form);
  }

  drop(form: Form): void {
    this.left = this.left.filter((one) => one.form !== form);
  }

  /** Somebody has signed in: what they left is recorded now; what another person was told is not theirs to read. */
  async signedIn(by: string, board: Board): Promise<void> {
    this.left = this.left.filter((one) => one.by === by);
    for (const { form } of this.left.filter((one) => one.region === board.region.name)) {
      form.board = board;
      await form.save();
      if (!form.open) this.drop(form);
    }
  }

  /** Something would be lost if the page were closed. */
  get open(): boolean {
    return this.left.some(({ form }) => form.open) || [...this.#shown].some((form) => form.open);
  }
}

export const forms = new Forms();
