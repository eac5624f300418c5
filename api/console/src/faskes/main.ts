import { start } from "../shared/start";
import Faskes from "./Faskes.svelte";

void start(Faskes, (language) => (language === "en" ? import("virtual:words/faskes/en") : import("virtual:words/faskes/id")));
