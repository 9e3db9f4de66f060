import { advanced } from "./advanced.ts";
import { basic } from "./basic.ts";
import { lora } from "./lora.ts";
import { optimizations } from "./optimizations.ts";
import { parallelism } from "./parallelism.ts";
import type { Tab } from "./tab.ts";

export type { Control, Group, Tab } from "./tab.ts";

/** Every control of the form; each field of a Scenario has one. */
export const TABS: readonly Tab[] = [
  basic,
  parallelism,
  optimizations,
  lora,
  advanced,
];

const LABELS = new Map(
  TABS.flatMap(({ groups }) => groups.flatMap(({ controls }) => controls))
    .map(({ path, label }) => [path, label]),
);

/** What the form calls the field at a path, where it has a control for it. */
export function labelOf(path: string): string | undefined {
  return LABELS.get(path);
}
