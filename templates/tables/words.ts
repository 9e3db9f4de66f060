import type { Scenario } from "../../lib/mod.ts";
import type { Tables } from "../../lib/ask/tables/mod.ts";
import type { MethodOpinions, Use } from "../../lib/ask/tables/opinions.ts";
import type { TablesSettings } from "../../lib/ask/tables/settings.ts";
import { MEMORY_CLASSES } from "../../lib/ask/tables/strategies.ts";

/** All that the tables page says of a model. */
export interface TablesAnswer {
  tables: Tables;
  settings: TablesSettings;
  opinions: readonly MethodOpinions[];
  /** The scenario of each use, for links; those that there are. */
  scenarios: Partial<Record<Use, Scenario>>;
}

/** What each use is called. */
export const USE_NAMES: Record<Use, string> = {
  inference: "Inference",
  training: "Training",
  lora: "LoRA",
};

/** A class of memory that is enough; null where none is. */
export function classWords(gb: number | null): string {
  return gb === null ? `>${MEMORY_CLASSES.at(-1)} GB` : `${gb} GB+`;
}
