import { start } from "../shared/start";
import Family from "./Family.svelte";

void start(Family, (language) => (language === "en" ? import("virtual:words/family/en") : import("virtual:words/family/id")));
