/** Any error in words for a person. */
import { NotSent, Problem, Unreachable } from "./http";
import { t } from "./words.svelte";

export function says(error: unknown): string {
  if (error instanceof NotSent) return t("ui.error.not_sent");
  if (error instanceof Unreachable) return t("ui.error.unreachable");
  if (error instanceof Problem && error.code === "nobody") return t("ui.error.nobody");
  if (error instanceof Problem) return error.detail || t("ui.error.status", { status: error.status });
  return t("ui.error.unexpected", { what: error instanceof Error ? error.message : String(error) });
}
