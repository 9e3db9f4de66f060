import { DEFAULT_SCENARIO } from "../../../scenario/default_scenario.ts";
import type { Draft } from "../draft.ts";
import { settingText } from "../draft.ts";
import type { Assumed } from "../imported.ts";
import { leafAt } from "./field_at.ts";
import type { Merged } from "./merged.ts";
import { mergedValueAt } from "./merged.ts";

/** Fields that an estimate rests on, said where nothing states them. */
const WANTED: readonly [path: string, reason: string][] = [
  ["train.sequence_length", "no file says how long sequences are"],
  ["train.micro_batch", "no file says the batch of a GPU"],
  ["precision.weights", "no file says in which type parameters lie"],
  ["parallel.gpus", "no file says how many GPUs train"],
  ["hardware.gpu", "no file says which GPU"],
];

/** The same where models are served. */
const WANTED_SERVED: readonly [path: string, reason: string][] = [
  ["serve.batch", "no file says how many sequences are served at once"],
  ["serve.input_tokens", "no file says how long inputs are"],
  ["serve.output_tokens", "no file says how long outputs are"],
  ["hardware.gpu", "no file says which GPU"],
];

/**
 * What no setting states and what is taken for it: by the tools, for settings
 * that leave something open, and for the fields that an estimate rests on.
 */
export function assumptionsOf(
  drafts: readonly Draft[],
  merged: Merged,
): Assumed[] {
  const { stated, assumed } = merged;
  const list: Assumed[] = [];
  for (const [path, { value, reason }] of assumed) {
    if (!stated.has(path)) {
      list.push({ path, value: settingText(value), reason });
    }
  }
  for (const each of drafts.flatMap((draft) => draft.remarks)) list.push(each);
  const told = new Set([...stated.keys(), ...assumed.keys()]);
  for (const each of drafts.flatMap((draft) => draft.unstated)) {
    if (told.has(each.path)) continue;
    list.push(each);
  }
  for (const { path } of list) told.add(path);
  if (!drafts.some((draft) => draft.complete)) {
    const wanted = mergedValueAt(merged, "task") === "serve"
      ? WANTED_SERVED
      : WANTED;
    for (const [path, reason] of wanted) {
      if (told.has(path) || (path === "hardware.gpu" && hasGpu(told))) continue;
      list.push({
        path,
        value: settingText(leafAt(DEFAULT_SCENARIO, path)),
        reason,
      });
    }
  }
  return dedupe(list);
}

function hasGpu(told: ReadonlySet<string>): boolean {
  return [...told].some((path) => path.startsWith("hardware.gpu"));
}

function dedupe(list: readonly Assumed[]): Assumed[] {
  const seen = new Map(
    list.map((each) => [`${each.path}\n${each.reason}`, each]),
  );
  return [...seen.values()];
}
