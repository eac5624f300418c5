/** An amount of demand in its unit, people or square kilometres, as people of this language write it. */
import { number, t } from "../shared/words.svelte";

export const demandText = (amount: number, unit: string): string => t(`console.demand.${unit}`, { n: number(amount, amount < 10 ? 1 : 0) });
