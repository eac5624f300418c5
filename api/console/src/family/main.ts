import { start } from "../shared/start";
import Family from "./Family.svelte";

// Nobody has chosen a language on this telephone yet: the browser's counts, and Indonesian for all that is not English.
const KEPT = "siaga.lang";
if (localStorage.getItem(KEPT) === null && navigator.language.toLowerCase().startsWith("en")) localStorage.setItem(KEPT, "en");

void start(Family, (language) => (language === "en" ? import("virtual:words/family/en") : import("virtual:words/family/id")));
