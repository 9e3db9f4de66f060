import type { Config } from "../models/config.ts";
import type { WindowCode } from "../models/families/code/attention.ts";
import { numberOf } from "../models/families/code/setting.ts";
import type { LayerStack } from "./stacks.ts";

/** What the layers of a stack see: everything before them, or a window of it. */
export interface Windows {
  /** Tokens of the window; null where no layer has one. */
  readonly size: number | null;
  isSliding(layer: number): boolean;
  /** Whether the model makes a mask of either kind, as layers take turns. */
  readonly both: boolean;
}

const NONE: Windows = { size: null, isSliding: () => false, both: false };

/**
 * Which layers of a decoder look at a window of the tokens before them alone.
 *
 * Source: huggingface/transformers models/…/configuration_….py, layer_types, and
 * models/…/modeling_….py, create_sliding_window_causal_mask
 *
 * @param code Null of a type without windows.
 * @param config The language model's own.
 */
export function windowsOf(code: WindowCode | null, config: Config): Windows {
  if (code === null) return NONE;
  const isOff = code.layers === "switched" &&
    config["use_sliding_window"] !== true;
  const size = sizeOf(code, config["sliding_window"]);
  if (isOff || size === null) return NONE;
  if (code.layers === "every") {
    return { size, isSliding: () => true, both: false };
  }
  const listed = config["layer_types"];
  if (Array.isArray(listed)) {
    return {
      size,
      isSliding: (layer) => listed[layer] === "sliding_attention",
      both: true,
    };
  }
  if (code.layers === "turns") {
    const turn = numberOf(config, [["sliding_window_pattern"], code.turn]);
    return { size, isSliding: (layer) => (layer + 1) % turn !== 0, both: true };
  }
  const first = numberOf(config, [["max_window_layers"], 28]);
  return { size, isSliding: (layer) => layer >= first, both: true };
}

/** A window that a config states or leaves out; null where it denies one. */
function sizeOf(code: WindowCode, stated: unknown): number | null {
  if (stated === undefined) return "size" in code ? code.size : null;
  return typeof stated === "number" && stated > 0 ? stated : null;
}

/** A stack whose layers with windows are of kinds of their own. */
export function withWindows(
  stack: LayerStack,
  { isSliding }: Windows,
): LayerStack {
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
