import { start } from "../shared/start";
import Console from "./Console.svelte";

void start(Console, (language) => (language === "en" ? import("virtual:words/console/en") : import("virtual:words/console/id")));
