import { start } from "../shared/start";
import Sitegar from "./Sitegar.svelte";

void start(Sitegar, (language) => (language === "en" ? import("virtual:words/sitegar/en") : import("virtual:words/sitegar/id")));
