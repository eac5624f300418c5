/**
 * Everything that can be done on the page right now, each with its key. A button announces itself here while it is on the
 * screen, so that the keyboard, the command bar and the mouse always offer the same.
 */
export interface Action {
  id: string;
  /** The key that does it, as KeyboardEvent.key; "" for none. */
  key: string;
  label: string;
  run: () => void;
  disabled?: boolean;
}

class Actions {
  // Not state itself: what an effect takes back as it ends is read as it was before, and would take others with it.
  #all: readonly Action[] = [];
  #changed = $state.raw({});

  /** All of them, what came last first. */
  get all(): readonly Action[] {
    void this.#changed;
    return this.#all;
  }

  /** Announces an action; gives a function that takes it back. */
  add(action: Action): () => void {
    this.#all = [action, ...this.#all];
    this.#changed = {};
    return () => {
      this.#all = this.#all.filter((one) => one !== action);
      this.#changed = {};
    };
  }

  /** Does what a key stands for; whether there was something. */
  press(key: string): boolean {
    const found = this.#all.find((one) => one.key === key && one.disabled !== true);
    if (found === undefined) return false;
    found.run();
    return true;
  }
}

export const actions = new Actions();

const TYPING = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";

/** Keys of the whole page: not while somebody types. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const typing = event.target instanceof Element && event.target.matches(TYPING);
  if (event.key === "Escape") {
    if (typing) (event.target as HTMLElement).blur();
    else if (actions.press("Escape")) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey) {
    if (event.key === "Enter" && actions.press("Ctrl+Enter")) event.preventDefault();
    return;
  }
  if (typing || event.altKey || event.repeat) return; // a key that is held presses once
  // A button in focus keeps its own keys.
  if ((event.key === "Enter" || event.key === " ") && event.target instanceof Element && event.target.matches("button, a, summary, input")) return;
  if (event.key.startsWith("Arrow") && event.target instanceof Element && event.target.matches("input[type=radio]")) return;
  // Capitals lock or not: a letter is its key.
  if (actions.press(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
}
