/** Any error in words for a person. */
import { Problem, Unreachable } from "./http";
import { t } from "./words.svelte";

export function says(error: unknown): string {
  if (error instanceof Unreachable) return t("ui.error.unreachable");
  if (error instanceof Problem) return error.detail || t("ui.error.status", { status: error.status });
  return t("ui.error.unexpected", { what: error instanceof Error ? error.message : String(error) });
}
