import { start } from "../shared/start";
import Admin from "./Admin.svelte";

void start(Admin, (language) => (language === "en" ? import("virtual:words/admin/en") : import("virtual:words/admin/id")));
