import type { Config } from "./config.ts";

/** Lists of modules in quantisers' settings. */
const LISTS = [
  "modules_to_not_convert",
  "exclude_modules",
  "ignore",
  "ignored_layers",
  "exclude",
  "llm_int8_skip_modules",
  "targets",
];
/** Modules that nobody packs, listed or not. */
const NEVER_PACKED = /(norm|bias)$/i;

/**
 * A quantiser's settings of the same meaning: modules that differ in the number of
 * their layer alone become one, with the numbers in braces as a shell has them,
 * which lib/formats/published/module_entry.ts reads.
 */
export function compactQuantizer(settings: Config): Config {
  const compact: Record<string, unknown> = {};
  // ModelOpt says the same twice where it names each module's algorithm.
  const isTwice = isObject(settings["quantized_layers"]);
  for (const [key, value] of Object.entries(settings)) {
    if (key === "config_groups" && isTwice) continue;
    if (LISTS.includes(key) && Array.isArray(value)) {
      compact[key] = compactNames(value);
    } else if (key === "quantized_layers" && isObject(value)) {
      compact[key] = compactLayers(value);
    } else compact[key] = isObject(value) ? compactQuantizer(value) : value;
  }
  return compact;
}

function compactNames(names: readonly unknown[]): unknown[] {
  const plain = names.filter((name) => typeof name === "string");
  if (plain.length < names.length) return [...names];
  return grouped(plain.filter((name) => !NEVER_PACKED.test(name)));
}

/** Modules of one algorithm together. */
function compactLayers(layers: Config): Config {
  const alike = Map.groupBy(
    Object.entries(layers),
    ([, own]) => JSON.stringify(own),
  );
  return Object.fromEntries(
    [...alike.values()].flatMap((entries) => {
      const own = entries[0]?.[1];
      return grouped(entries.map(([name]) => name)).map((name) => [name, own]);
    }),
  );
}

/** Names whose layers' numbers alone differ, as one. */
function grouped(names: readonly string[]): string[] {
  const kinds = new Map<string, { first: string; numbers: Set<string> }>();
  for (const name of names) {
    const isPattern = !PATH.test(name) || !NUMBERED.test(name);
    // An expert is packed as all of its layer are.
    const whole = name.replace(/(\.experts)\.\d+(?=\.)/, "$1");
    const kind = isPattern ? name : whole.replace(NUMBERED, ".#$2");
    const known = kinds.get(kind) ?? { first: whole, numbers: new Set() };
    kinds.set(kind, known);
    const number = isPattern ? undefined : NUMBERED.exec(whole)?.[1];
    if (number !== undefined) known.numbers.add(number);
  }
  return [...kinds].map(([kind, { first, numbers }]) =>
    numbers.size < 2 ? first : patternOf(kind, [...numbers])
  );
}

/** A path of modules; patterns stay as they are. */
const PATH = /^[\w.-]+\*?$/;
/** The number of a layer in a name, and what stands after it. */
const NUMBERED = /\.(\d+)(\.|$)/;

/** Numbers in braces, neighbours as a range: "model.layers.{0..2,7}.mlp". */
function patternOf(kind: string, numbers: readonly string[]): string {
  const sorted = numbers.map(Number).sort((a, b) => a - b);
  const runs: [from: number, to: number][] = [];
  for (const number of sorted) {
    const run = runs.at(-1);
    if (run && run[1] + 1 === number) run[1] = number;
    else runs.push([number, number]);
  }
  const text = runs.map(([from, to]) => from === to ? from : `${from}..${to}`);
  return kind.replace("#", `{${text.join()}}`);
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
