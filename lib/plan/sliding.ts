import type { Stack } from "./stacks.ts";

type Config = Readonly<Record<string, unknown>>;

/** What the layers of a stack see: everything before them, or a window of it. */
export interface Windows {
  /** Tokens of the window; null where no layer has one. */
  readonly size: number | null;
  isSliding(layer: number): boolean;
  /** Whether the model makes a mask of either kind, as layers take turns. */
  readonly both: boolean;
}

const NONE: Windows = { size: null, isSliding: () => false, both: false };

/** Types of which each layer slides when the config has a window at all. */
const EVERY: Readonly<Record<string, number | null>> = {
  mistral: 4096,
  mixtral: null,
  phi3: null,
  phimoe: null,
  starcoder2: null,
};

/** Types of which all layers but each so manieth slide, and the window. */
const TURNS: Readonly<Record<string, readonly [turn: number, size: number]>> = {
  gemma2: [2, 4096],
  gemma3_text: [6, 4096],
  gemma3: [6, 4096],
  cohere2: [4, 4096],
  exaone4: [4, 4096],
  olmo3: [4, 4096],
  gpt_oss: [2, 128],
};

/** Types whose windows are off unless `use_sliding_window` says otherwise. */
const SWITCHED = new Set([
  "qwen2",
  "qwen3",
  "qwen2_moe",
  "qwen3_moe",
  "smollm3",
]);

/**
 * Which layers of a decoder look at a window of the tokens before them alone.
 *
 * Source: huggingface/transformers models/…/configuration_….py, layer_types, and
 * models/…/modeling_….py, create_sliding_window_causal_mask
 *
 * @param config The language model's own.
 */
export function windowsOf(type: string, config: Config): Windows {
  const stated = config["sliding_window"];
  const number = typeof stated === "number" && stated > 0 ? stated : null;
  if (Object.hasOwn(EVERY, type)) {
    const size = stated === undefined ? EVERY[type] ?? null : number;
    return size === null ? NONE : { size, isSliding: () => true, both: false };
  }
  const turns = Object.hasOwn(TURNS, type) ? TURNS[type] : undefined;
  const isOff = SWITCHED.has(type) && config["use_sliding_window"] !== true;
  if (isOff || (!turns && !SWITCHED.has(type))) return NONE;
  const size = stated === undefined ? turns?.[1] ?? null : number;
  if (size === null) return NONE;
  const listed = config["layer_types"];
  if (Array.isArray(listed)) {
    return {
      size,
      isSliding: (layer) => listed[layer] === "sliding_attention",
      both: true,
    };
  }
  if (turns) {
    const pattern = config["sliding_window_pattern"];
    const turn = typeof pattern === "number" ? pattern : turns[0];
    return { size, isSliding: (layer) => (layer + 1) % turn !== 0, both: true };
  }
  const first = config["max_window_layers"];
  return {
    size,
    isSliding: (layer) => layer >= (typeof first === "number" ? first : 28),
    both: true,
  };
}

/** A stack whose layers with windows are of kinds of their own. */
export function withWindows(stack: Stack, { isSliding }: Windows): Stack {
  const sliding = new Map(
    stack.kinds.map((kind) => [
      kind,
      { ...kind, id: kind.id + stack.kinds.length, sliding: true },
    ]),
  );
  const layers = stack.layers.map((kind, at) =>
    isSliding(at) ? sliding.get(kind) ?? kind : kind
  );
  return { ...stack, kinds: [...new Set(layers)], layers };
}
