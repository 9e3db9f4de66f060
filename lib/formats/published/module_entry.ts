import type { ReadPattern } from "../../patterns/mod.ts";
import { readPattern } from "../../patterns/mod.ts";

/** An entry of a list of modules: a path, or a pattern of whole names. */
export type ModuleEntry =
  | {
    /** With N for a number of a layer, and what all models' names begin with cut off. */
    readonly template: string;
    /** Whether names may go on where it ends: "mlp.shared_expert*". */
    readonly open: boolean;
    /** The layers that it is of; null for all. */
    readonly layers: readonly number[] | null;
  }
  | {
    readonly pattern: Extract<ReadPattern, { ok: true }>["automaton"];
    /** Whether it may match some layers of a stack alone. */
    readonly byLayer: boolean;
  };

/** What stands before a model's layers in some releases and not in others. */
const WRAPPERS = new Set([
  "*",
  "backbone",
  "base_model",
  "language_model",
  "model",
  "transformer",
]);
/** Characters that have a meaning in a regular expression and in no name. */
const SIGNS = /[\\^$|()+{}[\]]/;

/**
 * Reads an entry as quantisers write them: a path of modules with what is under
 * it, shell wildcards, or a regular expression after "re:".
 *
 * Sources: huggingface/transformers quantizers/quantizers_utils.py,
 * should_convert_module; vllm-project/compressed-tensors utils/match.py;
 * NVIDIA Model-Optimizer export/layer_utils.py; AMD Quark, exclude
 *
 * @returns The entry, or why its pattern cannot be read.
 */
export function readEntry(
  text: string,
  { isPattern = false }: { readonly isPattern?: boolean } = {},
): ModuleEntry | { readonly reason: string } {
  if (text.startsWith("re:")) return patternOf(text.slice("re:".length));
  const braced = isPattern ? null : BRACED.exec(text);
  if (braced) return bracedEntry(braced);
  if (isPattern || SIGNS.test(text)) return patternOf(text);
  const plain = text.replace(/\.\*?$/, "").replace(/^\*\./, "");
  const open = plain.endsWith("*");
  const keys = (open ? plain.slice(0, -1) : plain).split(".");
  const isPath = keys.at(-1) !== "" &&
    keys.every((key) => key === "*" || !/[*?]/.test(key));
  return isPath ? pathOf(keys, open) : patternOf(
    `(?:.*\\.)?${
      text.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".")
    }`,
  );
}

/** Numbers in braces, as shells and this project's compact configs have them. */
const BRACED = /^([\w.-]*)\{([\d.,]{1,4000})\}([\w.-]*\*?)$/;
/** Most layers that braces may name. */
const MAX_BRACED = 10_000;

function bracedEntry(
  [, before = "", inside = "", after = ""]: readonly string[],
): ModuleEntry | { readonly reason: string } {
  const layers = inside.split(",").flatMap((part) => {
    if (!/^\d+(\.\.\d+)?$/.test(part)) return [NaN];
    const [from = NaN, to = from] = part.split("..").map(Number);
    const many = to - from + 1;
    return many >= 1 && many <= MAX_BRACED
      ? Array.from({ length: many }, (_, at) => from + at)
      : [NaN];
  });
  if (layers.length > MAX_BRACED || !layers.every(Number.isSafeInteger)) {
    return {
      reason: `must name at most ${MAX_BRACED} layers in braces, as {0..3,7}`,
    };
  }
  const open = after.endsWith("*");
  const whole = `${before}N${open ? after.slice(0, -1) : after}`;
  const { template } = templateOf(whole.split("."));
  return { template, layers, open };
}

function patternOf(text: string): ModuleEntry | { readonly reason: string } {
  // Python's re.match looks at the beginning of a name alone.
  const read = readPattern(
    text.endsWith("$") ? text.slice(0, -1) : `(?:${text}).*`,
  );
  return read.ok
    ? { pattern: read.automaton, byLayer: /\d/.test(text) }
    : { reason: read.reason };
}

function pathOf(keys: readonly string[], open: boolean): ModuleEntry {
  const { template, layer } = templateOf(keys);
  if (layer === null) return { template, layers: null, open };
  // "layers.7*" is of the layers 7, 70, …, 79 and so on.
  return open && /^\d+$/.test(keys.at(-1) ?? "")
    ? { template, layers: begunWith(layer), open: false }
    : { template, layers: [layer], open };
}

/** Numbers of layers whose digits begin with a number's. */
function begunWith(layer: number): number[] {
  const numbers = [layer];
  for (let width = 10; layer > 0 && width <= 1000; width *= 10) {
    for (let rest = 0; rest < width; rest++) numbers.push(layer * width + rest);
  }
  return numbers;
}

/**
 * A path as all releases of a model would write it: wrappers cut off, N for the
 * number of the layer, and no numbers of experts.
 */
export function templateOf(
  keys: readonly string[],
): { readonly template: string; readonly layer: number | null } {
  let begin = 0;
  while (begin < keys.length - 1 && WRAPPERS.has(keys[begin] ?? "")) begin++;
  let layer: number | null = null;
  let numbered = false;
  const template: string[] = [];
  for (const [at, key] of keys.slice(begin).entries()) {
    const isNumber = key === "*" || key === "N" || /^\d{1,9}$/.test(key);
    if (isNumber && template.at(-1) === "experts") continue;
    if (isNumber && !numbered && at > 0) {
      numbered = true;
      layer = /^\d/.test(key) ? Number(key) : null;
      template.push("N");
    } else template.push(key);
  }
  return { template: template.join("."), layer };
}
