import type { Config } from "./config.ts";
import { KEYS } from "./config_keys.ts";
import classes from "./families/classes.json" with { type: "json" };
import { familyOf } from "./families/mod.ts";
import { TEXT_DEFAULTS } from "./families/text_defaults.ts";

/** A class of transformers: where its decoder's config stands, or its defaults. */
interface LanguageClass {
  readonly text?: readonly string[];
  readonly type?: string;
  readonly [key: string]: unknown;
}

// The file's own type is a union of every entry in it.
const CLASSES = classes as unknown as Readonly<Record<string, LanguageClass>>;

/** The decoder of a model's config.json, with what its class adds. */
export interface Language {
  readonly text: Config;
  /** The same as it is written. */
  readonly stated: Config;
  /** Its `model_type`, by which its code is known. */
  readonly type: string;
  /** The whole model's `model_type`, which may be the same. */
  readonly outer: string;
  /** Whether transformers, or a family here, has that type. */
  readonly known: boolean;
}

/** Where types that transformers has not keep their decoder's config. */
const USUAL_PATHS = [
  ["text_config"],
  ["llm_config"],
  ["language_config"],
  ["thinker_config", "text_config"],
];

/** Where what reads text stands in configs of families that have no width of their own. */
const INNER_PATHS = [
  ["vlm_config", "text_config"],
  ["vlm_config"],
  ["encoder_config"],
  ["audio_config"],
  ["global_config"],
];

/**
 * The part of a config.json that says how its decoder is built: what writes token
 * after token.
 *
 * Source: huggingface/transformers 5.23.0 configuration_utils.py, get_text_config,
 * and the classes' own defaults (tools/truth/cache_classes.py)
 */
export function languageOf(config: Config): Language {
  const outer = typeOf(config) ?? "";
  const outerClass = classOf(outer);
  const isInner = Boolean(familyOf(outer)?.declare) &&
    !KEYS.hidden.some((key) => config[key] !== undefined);
  const paths = [
    ...(outerClass?.text ? [outerClass.text] : []),
    ...USUAL_PATHS,
    ...(isInner ? INNER_PATHS : []),
  ];
  const nested = paths.map((path) => inside(config, path)).find((found) =>
    found !== null
  );
  const inner = nested ?? config;
  const said = typeOf(inner);
  const type = said !== null && isKnown(said)
    ? said
    : nested && outerClass?.type
    ? outerClass.type
    : outer;
  return {
    text: completed(inner, { ...TEXT_DEFAULTS[type], ...classOf(type) }),
    stated: inner,
    type,
    outer,
    known: isKnown(type),
  };
}

function isKnown(type: string): boolean {
  return classOf(type) !== null || familyOf(type) !== null;
}

function classOf(type: string): LanguageClass | null {
  return Object.hasOwn(CLASSES, type) ? CLASSES[type] ?? null : null;
}

function typeOf(config: Config): string | null {
  const type = config["model_type"];
  return typeof type === "string" ? type : null;
}

function inside(config: Config, path: readonly string[]): Config | null {
  let at: unknown = config;
  for (const key of path) {
    if (!isConfig(at)) return null;
    at = at[key];
  }
  return isConfig(at) ? at : null;
}

/** Dimensions of more than one name, of which one stated is enough. */
const NAMES: readonly (readonly string[])[] = [
  KEYS.layers,
  KEYS.hidden,
  KEYS.heads,
  KEYS.kvHeads,
  KEYS.headDim,
];

/** Fills in what a config leaves out under all of its names. */
function completed(config: Config, defaults: LanguageClass): Config {
  const missing = Object.entries(defaults).filter(([key]) =>
    !NAMES.some((names) =>
      names.includes(key) && !key.includes("decoder") &&
      names.some((name) => config[name] !== undefined)
    )
  );
  return { ...Object.fromEntries(missing), ...config };
}

function isConfig(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
