import type { Field } from "../../lib/mod.ts";
import { METHOD_WORDS } from "./method_words.ts";
import { MODEL_WORDS } from "./model_words.ts";
import { PARALLEL_WORDS } from "./parallel_words.ts";
import { SERVING_WORDS } from "./serving_words.ts";
import { TRAINING_WORDS } from "./training_words.ts";

const WORDS: ReadonlyMap<string, string> = new Map(Object.entries({
  ...MODEL_WORDS,
  ...TRAINING_WORDS,
  ...PARALLEL_WORDS,
  ...SERVING_WORDS,
  ...METHOD_WORDS,
}));

/** Paths that have a sentence of their own. */
export const WORDED_PATHS: readonly string[] = [...WORDS.keys()];

/**
 * What a setting is, in a sentence for somebody who never met it, and how it is
 * filled in; of those that few meet, what the reference says.
 *
 * @returns Null where nobody wrote one.
 */
export function fieldWords({ path, help, hint }: Field): string | null {
  const own = WORDS.get(path);
  const said = [own ?? help, own === undefined && help ? undefined : hint]
    .filter((text) => text !== undefined).map(asSentence);
  return said.length === 0 ? null : [...new Set(said)].join(" ");
}

function asSentence(text: string): string {
  const plain = text.replaceAll("`", "");
  const whole = `${plain.charAt(0).toUpperCase()}${plain.slice(1)}`;
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

/** Where the documentation has a setting. */
export function fieldAddress(path: string): string {
  return `/docs/settings#${path}`;
}
