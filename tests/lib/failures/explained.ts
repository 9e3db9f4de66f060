import { assert } from "@std/assert";
import type { Explanation, ScenarioInput } from "../../../lib/mod.ts";
import { explain } from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";
import { SERVING_TEXTS } from "./serving_texts.ts";
import { TABLE_TEXTS } from "./table_texts.ts";
import { TORCH_TEXTS } from "./torch_texts.ts";
import { TRAINING_TEXTS } from "./training_texts.ts";

/** Every text. */
export const TEXTS = [
  ...TORCH_TEXTS,
  ...TRAINING_TEXTS,
  ...SERVING_TEXTS,
  ...TABLE_TEXTS,
];

/** One of the texts, by its name. */
export function textOf(name: string): string {
  const found = TEXTS.find((each) => each.name === name);
  assert(found, name);
  return found.text;
}

/** What is explained of a text, and of what is given beside it. */
export function explained(text: string, given?: ScenarioInput): Explanation {
  const result = explain(text, given ? { ...given } : null);
  assertOk(result);
  return result.value;
}
