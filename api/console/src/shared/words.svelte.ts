/**
 * What people read. Every text of a page comes from the catalogue `data/locales`; numbers and times are written as the
 * language does.
 */
export type Language = "id" | "en";
export const LANGUAGES: readonly Language[] = ["id", "en"];

export type Loader = (language: Language) => Promise<{ default: Record<string, string> }>;
type Values = Record<string, string | number>;

const KEPT = "siaga.lang";

class Catalogue {
  language = $state<Language>("id");
  texts = $state.raw<Record<string, string>>({});
  #load: Loader | undefined;

  /** Reads a page's texts in the language that was chosen last. */
  async open(load: Loader): Promise<void> {
    this.#load = load;
    const kept = localStorage.getItem(KEPT);
    await this.use(kept === "en" ? "en" : "id");
  }

  /** Changes the language of the page. */
  async use(language: Language): Promise<void> {
    if (this.#load === undefined) return;
    this.texts = (await this.#load(language)).default;
    this.language = language;
    localStorage.setItem(KEPT, language);
    document.documentElement.lang = language;
  }
}

export const catalogue = new Catalogue();

/** The text of `key`, with `values` in place of {names}. A text that is missing shows its key. */
export function t(key: string, values: Values = {}): string {
  const template = catalogue.texts[key] ?? key;
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** Whether the catalogue of this page has a text. */
export const known = (key: string): boolean => key in catalogue.texts;

const locale = (): string => (catalogue.language === "id" ? "id-ID" : "en-GB");

/** A number as people of this language write it. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Hours and minutes of a time in the region's zone. */
export function clockTime(when: string | number | Date, zone: string): string {
  return new Date(when).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", timeZone: zone, hour12: false });
}

/** Day and time in the region's zone. */
export function dayTime(when: string | number | Date, zone: string): string {
  return new Date(when).toLocaleString(locale(), {
    weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone, hour12: false,
  });
}

/** How long something took, short: "45 dtk", "12 mnt", "3 jam 5 mnt". */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("ui.span.seconds", { n: whole });
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("ui.span.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return t("ui.span.hours", { h: hours, m: minutes % 60 });
  return t("ui.span.days", { n: Math.floor(hours / 24) });
}

/** Minutes as the service gives them: "4,5 mnt". */
export function minutes(value: number): string {
  return t("ui.span.minutes", { n: number(value, value < 10 && value % 1 !== 0 ? 1 : 0) });
}

/** Time that is left on a clock: "2:05", or "-0:30" once it is over. */
export function countdown(seconds: number): string {
  const whole = Math.round(Math.abs(seconds));
  const sign = seconds < -0.5 ? "−" : "";
  return `${sign}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Metres, or kilometres from one on. */
export function distance(metres: number): string {
  return metres < 1000 ? t("ui.unit.metres", { n: number(metres) }) : t("ui.unit.kilometres", { n: number(metres / 1000, 1) });
}
