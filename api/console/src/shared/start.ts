/** Begins a page: its texts, then its component. */
import "../styles/base.css";
import { mount, type Component } from "svelte";
import { catalogue, type Loader } from "./words.svelte";
import "./look.svelte";

export async function start(page: Component, texts: Loader): Promise<void> {
  await catalogue.open(texts);
  const target = document.getElementById("app");
  if (target === null) throw new Error("the page has no place for its content");
  mount(page, { target });
}
