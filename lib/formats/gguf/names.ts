import type { GgufPlace } from "./gguf_model.ts";
import { OF_LAYERS, ONCE, OWN } from "./name_tables.ts";

/** How a tensor's name may end, in transformers. */
const ENDING = /\.(weight|bias)$|_(bias)$/;

/** A tensor's name in a GGUF file and where llama.cpp has it. */
export interface GgufName {
  /** Without its ending. */
  readonly stem: string;
  /** ".weight" or ".bias", or nothing: llama.cpp's converter keeps those in F32. */
  readonly ending: "" | ".weight" | ".bias";
  readonly place: GgufPlace;
  /** Whether llama.cpp has a name for it, as far as is known here. */
  readonly isKnown: boolean;
}

const LAYER = /^(.*?)\.N\.(.+)$/;
/** Stacks that llama.cpp tells apart, by what their names in transformers end with. */
const STACKS: readonly (readonly [of: RegExp, name: string])[] = [
  [/(^|\.)encoder\.block$/, "enc.blk"],
  [/(^|\.)decoder\.block$/, "dec.blk"],
];
const remembered = new Map<string, GgufName>();
/** Names that are remembered: what strangers call tensors has no end. */
const MOST_REMEMBERED = 4096;

/**
 * Translates a tensor's name in transformers; one that nobody knows keeps its own.
 *
 * @param name With N for the number of the layer.
 */
export function ggufNameOf(name: string): GgufName {
  const before = remembered.get(name);
  if (before) return before;
  const named = translated(name);
  if (remembered.size < MOST_REMEMBERED) remembered.set(name, named);
  return named;
}

function translated(name: string): GgufName {
  const end = ENDING.exec(name);
  const ending = end === null ? "" : end[1] === "weight" ? ".weight" : ".bias";
  const module = end === null ? name : name.slice(0, end.index);
  const [, stack = "", inner] = LAYER.exec(module) ?? [];
  if (inner === undefined) {
    for (const [of, stem, place] of ONCE) {
      if (of.test(module)) {
        return { stem, ending: ended(stem, ending), place, isKnown: true };
      }
    }
    const isNorm = /norm|ln_f/i.test(module);
    return {
      stem: isNorm ? "output_norm" : module,
      ending,
      place: "output",
      isKnown: isNorm,
    };
  }
  const stem = match(OF_LAYERS, inner);
  return {
    stem: `${match(STACKS, stack) ?? "blk"}.N.${stem ?? inner}`,
    ending: ended(stem ?? inner, ending),
    place: "layer",
    isKnown: stem !== null || OWN.test(inner) || /norm|ln_/i.test(inner),
  };
}

/** Tensors whose names transformers ends otherwise than llama.cpp. */
function ended(stem: string, ending: GgufName["ending"]): GgufName["ending"] {
  if (ending !== "") return ending;
  return /_exps$|^attn_sinks$|^altup_/.test(stem) ? ".weight" : "";
}

function match(
  names: readonly (readonly [RegExp, string])[],
  module: string,
): string | null {
  for (const [of, name] of names) {
    const found = of.exec(module);
    if (found) {
      return name.replace(/\$(\d)/g, (_, at) => found[Number(at)] ?? "");
    }
  }
  return null;
}
