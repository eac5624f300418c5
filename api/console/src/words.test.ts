/** No text outside the catalogue, no text that the catalogue lacks, none that nobody shows. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "svelte/compiler";
import { describe, expect, it } from "vitest";
import { PAGES, wordsOf } from "../plugins/words";

const SRC = fileURLToPath(new URL("./", import.meta.url));
const LOCALES = fileURLToPath(new URL("../../../data/locales", import.meta.url));
const SPOKEN = new Set(["aria-label", "title", "placeholder", "alt", "label"]);
const LETTERS = /\p{L}{2,}/u;
/** Names, not words. */
const NAMES = new Set(["Siaga"]);

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return files(path);
    return /\.(svelte|ts)$/.test(name) && !name.endsWith(".test.ts") && !name.endsWith(".d.ts") ? [path] : [];
  });
}

interface Node { type: string; name?: string; data?: string; value?: unknown; [key: string]: unknown }

/** Words that stand in a template by themselves. */
function spokenIn(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) {
    for (const one of node) spokenIn(one, found);
    return found;
  }
  if (node === null || typeof node !== "object") return found;
  const one = node as Node;
  if (one.type === "Text" && LETTERS.test(one.data ?? "") && !NAMES.has((one.data ?? "").trim())) found.push((one.data ?? "").trim());
  for (const [key, value] of Object.entries(one)) {
    if (key === "attributes") {
      for (const attribute of value as Node[]) {
        if (attribute.type === "Attribute" && !SPOKEN.has(attribute.name ?? "")) continue;
        spokenIn(attribute.value, found);
      }
    } else if (key !== "parent" && key !== "expression") spokenIn(value, found);
  }
  return found;
}

const keysIn = (source: string) => [...source.matchAll(/(?<![\w.])(?:t|known)\(\s*"([\w.]+)"/g)].map((found) => found[1] ?? "");
const beginningsIn = (source: string) => [...source.matchAll(/`([a-z]+\.[\w.]*?)\$\{/g)].map((found) => found[1] ?? "").filter((one) => one.includes("."));
const mentionedIn = (source: string) => [...source.matchAll(/"((?:ui|console|driver|faskes|sitegar|admin|family|dispatch|facilities)\.[\w.]+)"/g)].map((found) => found[1] ?? "");

const sources = new Map(files(SRC).map((path) => [relative(SRC, path), readFileSync(path, "utf-8")]));
/** A text, or the beginning of a table of them. */
const has = (texts: Record<string, string>, key: string) => key in texts || Object.keys(texts).some((one) => one.startsWith(`${key}.`));
const pageOf = (path: string) => path.split("/")[0] ?? "";

describe("the catalogue", () => {
  for (const [path, source] of sources) {
    if (!path.endsWith(".svelte")) continue;
    it(`has every word that ${path} shows`, () => {
      expect(spokenIn(parse(source, { modern: true }).fragment)).toEqual([]);
    });
  }

  for (const language of ["id", "en"]) {
    for (const page of Object.keys(PAGES)) {
      const { texts } = wordsOf(LOCALES, page, language);
      it(`has every text that ${page} asks for in ${language}`, () => {
        const missing: string[] = [];
        for (const [path, source] of sources) {
          if (pageOf(path) !== page) continue;
          for (const key of [...keysIn(source), ...mentionedIn(source)]) if (!has(texts, key)) missing.push(`${path}: ${key}`);
          for (const beginning of beginningsIn(source)) {
            if (!Object.keys(texts).some((key) => key.startsWith(beginning))) missing.push(`${path}: ${beginning}…`);
          }
        }
        expect(missing).toEqual([]);
      });
    }
    it(`has every text that what pages share asks for in ${language}`, () => {
      const everywhere = Object.keys(PAGES).map((page) => wordsOf(LOCALES, page, language).texts);
      const missing: string[] = [];
      for (const [path, source] of sources) {
        if (pageOf(path) !== "shared" && pageOf(path) !== "map") continue;
        for (const key of keysIn(source)) if (key.startsWith("ui.") && !everywhere.every((texts) => key in texts)) missing.push(`${path}: ${key}`);
      }
      expect(missing).toEqual([]);
    });
  }

  it("has no text that nobody shows", () => {
    const all = [...sources.values()].join("\n");
    const used = new Set([...keysIn(all), ...mentionedIn(all)]);
    const beginnings = beginningsIn(all);
    const idle: string[] = [];
    for (const section of ["ui", ...Object.keys(PAGES)]) {
      const { texts } = wordsOf(LOCALES, section === "ui" ? "console" : section, "id");
      for (const key of Object.keys(texts)) {
        if (!key.startsWith(`${section}.`) || used.has(key) || [...used].some((one) => key.startsWith(`${one}.`)) || beginnings.some((one) => key.startsWith(one))) continue;
        idle.push(key);
      }
    }
    expect(idle).toEqual([]);
  });
});
