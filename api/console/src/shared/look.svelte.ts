/** Day or night: what the person chose, else what their system says. */
export type Theme = "light" | "dark";
const KEPT = "siaga.theme";

class Look {
  theme = $state<Theme>("light");

  constructor() {
    const kept = localStorage.getItem(KEPT);
    const dark = kept === "dark" || (kept === null && matchMedia("(prefers-color-scheme: dark)").matches);
    this.#show(dark ? "dark" : "light");
  }

  toggle(): void {
    this.#show(this.theme === "dark" ? "light" : "dark");
    localStorage.setItem(KEPT, this.theme);
  }

  #show(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset["theme"] = theme;
  }
}

export const look = new Look();
