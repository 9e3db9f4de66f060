import type { Config } from "../../config.ts";
import type { CacheCode, StateCache } from "./cache.ts";
import type { Setting } from "./setting.ts";
import { numberOf } from "./setting.ts";

/*
 * What mixers without attention keep of a sequence.
 *
 * Source: huggingface/transformers cache_utils.py, LinearAttentionLayer, and what
 * the models' code hands it
 */

/** Mamba's: as wide as its inner features. */
export function mambaState(names: {
  /** Where inner features are stated; they are hidden ones times `expand`. */
  readonly inner: readonly string[];
  readonly expand: Setting;
  readonly kernel: Setting;
  readonly state: Setting;
}): Pick<CacheCode, "state"> {
  return {
    state: (text) => {
      const inner = numberOf(text, [
        names.inner,
        numberOf(text, names.expand) * hiddenOf(text),
      ]);
      return {
        kind: "state",
        of: "mamba",
        convolution: [inner, numberOf(text, names.kernel)],
        state: [inner, numberOf(text, names.state)],
        isWide: true,
        others: [],
      };
    },
  };
}

/** Mamba-2's: heads, and groups that share what they read. */
export function mamba2State(names: {
  readonly heads: Setting;
  /** Features of a head; null where the inner features are parted. */
  readonly width: Setting | null;
  /** Inner features; the hidden ones times `expand` where the config is silent. */
  readonly inner?: Setting;
  readonly expand: Setting;
  readonly groups: Setting;
  readonly kernel: Setting;
  readonly state: Setting;
}): Pick<CacheCode, "state"> {
  return {
    state: (text) => {
      const heads = numberOf(text, names.heads);
      const usual = numberOf(text, names.expand) * hiddenOf(text);
      const inner = names.width
        ? heads * numberOf(text, names.width)
        : names.inner
        ? numberOf(text, [names.inner[0], usual])
        : usual;
      const state = numberOf(text, names.state);
      const groups = numberOf(text, names.groups);
      return {
        kind: "state",
        of: "mamba 2",
        convolution: [inner + 2 * groups * state, numberOf(text, names.kernel)],
        state: [heads, inner / heads, state],
        isWide: true,
        others: [],
      };
    },
  };
}

/** The gated delta rule's of Qwen3-Next and its kin. */
export const DELTA_STATE: Pick<CacheCode, "state"> = {
  state: (text): StateCache =>
    deltaState(
      [
        numberOf(text, [["linear_num_key_heads"], 16]),
        numberOf(text, [["linear_key_head_dim"], 128]),
      ],
      [
        numberOf(text, [["linear_num_value_heads"], 32]),
        numberOf(text, [["linear_value_head_dim"], 128]),
      ],
      numberOf(text, [["linear_conv_kernel_dim"], 4]),
    ),
};

/** What a gated delta rule keeps, by heads and features of keys and values. */
export function deltaState(
  [keyHeads, keyWidth]: readonly [heads: number, width: number],
  [heads, width]: readonly [heads: number, width: number],
  kernel: number,
): StateCache {
  return {
    kind: "state",
    of: "gated delta",
    convolution: [2 * keyHeads * keyWidth + heads * width, kernel],
    state: [heads, keyWidth, width],
    isWide: true,
    others: [],
  };
}

function hiddenOf(text: Config): number {
  return numberOf(text, [["hidden_size", "d_model"], 0]);
}
