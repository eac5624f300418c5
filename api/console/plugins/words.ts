/**
 * The catalogue of texts for the pages: `data/locales/<language>/*.toml`, the same one that the service speaks from.
 *
 * A page imports `virtual:words/<page>/<language>` and gets one flat table, dotted key to template. Which sections a page
 * takes stands in PAGES; "dispatch:status,point" takes only these tables of a section.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import type { Plugin } from "vite";

const LANGUAGES = ["id", "en"];

export const PAGES: Record<string, string[]> = {
  console: ["ui", "console", "dispatch:case,priority,status,vehicle_kind,point,decline,equipment", "facilities:capability,kind"],
  driver: ["ui", "driver", "dispatch:case,priority,status,decline,run_state,patient_state"],
  faskes: ["ui", "faskes", "dispatch:case,priority,decline", "facilities:capability,state"],
  sitegar: ["ui", "sitegar", "dispatch:case,priority,decline", "facilities:capability,state,kind"],
  admin: ["ui", "admin", "console:place", "dispatch:vehicle_kind,equipment", "facilities:capability,state,kind"],
  family: ["ui", "family", "dispatch:status"],
};

function flatten(prefix: string, table: Record<string, unknown>, into: Record<string, string>): void {
  for (const [key, value] of Object.entries(table)) {
    if (value !== null && typeof value === "object") flatten(`${prefix}.${key}`, value as Record<string, unknown>, into);
    else into[`${prefix}.${key}`] = String(value);
  }
}

export function wordsOf(locales: string, page: string, language: string): { texts: Record<string, string>; files: string[] } {
  const texts: Record<string, string> = {};
  const files: string[] = [];
  for (const wanted of PAGES[page] ?? []) {
    const [section = "", only] = wanted.split(":");
    const file = join(locales, language, `${section}.toml`);
    files.push(file);
    const tables = parse(readFileSync(file, "utf-8")) as Record<string, unknown>;
    const names = only === undefined ? Object.keys(tables) : only.split(",");
    for (const name of names) {
      if (!(name in tables)) throw new Error(`${file}: there is no [${name}], which the page ${page} takes`);
      flatten(section, { [name]: tables[name] }, texts);
    }
  }
  return { texts, files };
}

export function words(locales: string): Plugin {
  const prefix = "virtual:words/";
  return {
    name: "siaga-words",
    resolveId(id) {
      return id.startsWith(prefix) ? `\0${id}` : undefined;
    },
    load(id) {
      if (!id.startsWith(`\0${prefix}`)) return undefined;
      const [page = "", language = ""] = id.slice(prefix.length + 1).split("/");
      if (!(page in PAGES) || !LANGUAGES.includes(language)) throw new Error(`no texts for ${page} in ${language}`);
      const { texts, files } = wordsOf(locales, page, language);
      files.forEach((file) => this.addWatchFile(file));
      return `export default ${JSON.stringify(texts)};`;
    },
  };
}
