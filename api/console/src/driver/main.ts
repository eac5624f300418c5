import { start } from "../shared/start";
import Driver from "./Driver.svelte";

void start(Driver, (language) => (language === "en" ? import("virtual:words/driver/en") : import("virtual:words/driver/id")));
