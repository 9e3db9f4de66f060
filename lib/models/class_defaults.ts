import type { Config } from "./config.ts";
import { KEYS } from "./config_keys.ts";
import sizes from "./families/class_sizes.json" with { type: "json" };
import { codeOfType } from "./families/mod.ts";
import { recipeOf } from "./families/recipes/recipe_of.ts";

/** A config class of transformers. */
interface SizesOfClass {
  /** What it says of numbers and switches where a config is silent. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Other names of them. */
  readonly names?: Readonly<Record<string, string>>;
  /** The `model_type` of each config inside it. */
  readonly inner?: Readonly<Record<string, string>>;
  /** Whether it says that head and embedding are one. */
  readonly ties?: boolean;
}

// The file's own type is a union of every entry in it.
const SIZES = sizes as unknown as Readonly<Record<string, SizesOfClass>>;

/** The two names under which transformers takes a table's positions. */
const NAMES = ["n_positions", "max_position_embeddings"];

/** Dimensions without which a model is another one, so that taking them is said. */
const TOLD: ReadonlySet<string> = new Set([
  ...KEYS.hidden,
  ...KEYS.layers,
  ...KEYS.heads,
  ...KEYS.vocab,
]);

/** Lists of what each layer is, whose length is the depth; one may name no experts. */
const LISTS = ["layers_block_type", "hybrid_override_pattern"];

const LISTED: ReadonlySet<string> = new Set([...KEYS.layers, ...KEYS.experts]);

/** What says whether head and embedding are one. */
const TIES = "tie_word_embeddings";

/** Releases that leave out of a file what its class says, and whose class is heeded. */
const RECENT = /^(?:[5-9]|\d\d)\.(?!0\.0\.dev)/;

/** Configs inside configs inside a config; no class has more. */
const DEEPEST = 3;

/**
 * Completes a config.json by what its class in transformers says of sizes and
 * switches, which files written by hand, or saved by older releases, leave out. A
 * field that is null is said.
 *
 * Source: huggingface/transformers models/…/configuration_….py
 *
 * @returns The config, and a note for each size of the decoder that it did not state.
 */
export function withClassDefaults(
  config: Config,
): { config: Config; notes: string[] } {
  const said = config["model_type"];
  const type = typeof said === "string" ? said : "";
  const whole: Record<string, unknown> = completed(config, type, DEEPEST);
  const ties = Object.hasOwn(SIZES, type) ? SIZES[type]?.ties : undefined;
  if (ties !== undefined && !Object.hasOwn(whole, TIES) && isRecent(config)) {
    whole[TIES] = ties;
  }
  const { positions, vocabulary } = codeOfType(type).sizes;
  if (positions && NAMES.every((name) => isSilent(whole[name]))) {
    const [key, size] = positions;
    whole[key] = size;
  }
  if (vocabulary !== null && isSilent(whole["vocab_size"])) {
    whole["vocab_size"] = vocabulary;
  }
  return {
    config: whole,
    notes: Object.entries(whole).flatMap(([name, value]) =>
      (TOLD.has(name) || positions && NAMES.includes(name)) &&
        isSilent(config[name])
        ? [
          `model.config has no ${name}: ${value}, the default of transformers for ${type}, is taken`,
        ]
        : []
    ),
  };
}

/** Whether transformers 5 saved a config: before, checkpoints told by what they hold. */
function isRecent(config: Config): boolean {
  const version = config["transformers_version"];
  return typeof version === "string" && RECENT.test(version);
}

function completed(config: Config, type: string, deepest: number): Config {
  const known = Object.hasOwn(SIZES, type) ? SIZES[type] : undefined;
  if (known === undefined) return ofRecipe(config, type);
  const { fields, names, inner } = known;
  const whole = { ...config };
  for (const [other, name] of Object.entries(names ?? {})) {
    if (Object.hasOwn(config, other) && !Object.hasOwn(config, name)) {
      whole[name] = config[other];
    }
  }
  for (const [name, value] of Object.entries(fields)) {
    if (!isStated(config, name, fields, names)) whole[name] = value;
  }
  for (const [name, usual] of Object.entries(inner ?? {})) {
    const within = config[name];
    if (!isConfig(within) || deepest === 0) continue;
    const own = within["model_type"];
    whole[name] = completed(
      within,
      typeof own === "string" ? own : usual,
      deepest - 1,
    );
  }
  return whole;
}

/** Completes dimensions of a type that is known by formulas; these read other fields so themselves. */
function ofRecipe(config: Config, type: string): Config {
  const recipe = recipeOf(type);
  if (recipe === null) return config;
  const { defaults, inside, aliases, derived } = recipe;
  const whole: Record<string, unknown> = { ...config };
  for (const [path, usual] of Object.entries(defaults)) {
    const sections = path.split(".");
    const name = sections.pop() ?? "";
    const value = sections.length > 0 ? inside[path] ?? usual : usual;
    if (!TOLD.has(name) || typeof value !== "number" || path in derived) {
      continue;
    }
    const other = aliases[path]?.split(".").pop() ?? name;
    put(whole, sections, [name, other], value);
  }
  return whole;
}

/** Enters a number where the config that it belongs to is there, and silent. */
function put(
  whole: Record<string, unknown>,
  sections: readonly string[],
  names: readonly [name: string, other: string],
  value: number,
): void {
  let at = whole;
  for (const section of sections) {
    const within = at[section];
    if (!isConfig(within)) return;
    const copy = { ...within };
    at[section] = copy;
    at = copy;
  }
  if (names.every((name) => !Object.hasOwn(at, name))) at[names[0]] = value;
}

/** Whether a config has a field, under any name that is no field of its own. */
function isStated(
  config: Config,
  name: string,
  fields: SizesOfClass["fields"],
  names: SizesOfClass["names"] = {},
): boolean {
  if (Object.hasOwn(config, name)) return true;
  if (
    LISTED.has(name) &&
    LISTS.some((list) => !isSilent(config[list]))
  ) return true;
  const same =
    Object.values(KEYS).find((each) =>
      (each as readonly string[]).includes(name)
    ) ?? [];
  const others = Object.entries(names).flatMap(([other, meant]) =>
    meant === name ? [other] : []
  );
  return [...same, ...others].some((other) =>
    !Object.hasOwn(fields, other) && Object.hasOwn(config, other)
  );
}

function isSilent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
