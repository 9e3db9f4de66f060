import type { Dtype } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { kernel } from "./kernel.ts";
import { attentionArithmetic } from "./math.ts";
import { repeated } from "./products.ts";
import type { AttentionSettings, Heads } from "./types.ts";

/**
 * Features of the widest heads that flash attention takes.
 *
 * Source: pytorch aten/src/ATen/native/transformers/cuda/sdp_utils.cpp,
 * check_head_dim_size_flash; Dao-AILab/flash-attention csrc/flash_attn/flash_api.cpp
 */
export const MAX_FLASH_WIDTH = 256;

/** A bias has rows of so many keys, or of a whole number of them: pad_bias. */
const BIAS_WIDTH = 16;

/**
 * scaled_dot_product_attention by the kernel that PyTorch picks.
 *
 * Source: pytorch aten/src/ATen/native/transformers/cuda/sdp_utils.cpp,
 * select_sdp_backend
 */
export function sdpa(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
  {
    masked,
    keyMask,
    broadcastsHeads,
    byArithmetic,
    dropout,
    biasDtype = null,
  }: AttentionSettings,
): Value {
  if (byArithmetic) return repeatedArithmetic(m, heads, sizes, dropout);
  if (broadcastsHeads) {
    const given = { dropout, masked, broadcasts: true };
    return attentionArithmetic(m, heads, sizes, given);
  }
  if (
    masked && biasDtype === (m.autocast ?? heads[0].dtype) &&
    sizes.keys % BIAS_WIDTH === 0
  ) return wideKernel(m, heads, sizes);
  if (masked) return maskedKernel(m, heads, sizes, keyMask);
  if (sizes.width > MAX_FLASH_WIDTH) return wideKernel(m, heads, sizes);
  if ((m.autocast ?? heads[0].dtype) !== "fp32") {
    return kernel(m, heads, sizes, { flash: true });
  }
  // No kernel takes fp32 heads that are shared: PyTorch does the arithmetic.
  if (sizes.kvHeads < sizes.heads) {
    const given = { dropout, masked: false, broadcasts: false };
    return attentionArithmetic(m, heads, sizes, given);
  }
  return kernel(m, heads, sizes, { flash: false });
}

/** Whether attention's output lies token by token, as the next product wants. */
export function liesByToken(
  implementation: AttentionSettings["implementation"],
  masked: boolean,
  dtype: Dtype,
): boolean {
  return implementation === "sdpa" && (masked || dtype === "fp32");
}

/**
 * The memory-efficient kernel with a mask: keys and values are repeated for every
 * query head, and each call makes its own bias of the mask.
 */
function maskedKernel(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  keyMask: boolean,
): Value {
  return m.call(() => {
    const keys = repeated(m, k, sizes);
    const values = repeated(m, v, sizes);
    const dtype = m.autocast ?? q.dtype;
    const bias = m.create(
      sizes.batch * (keyMask ? 1 : sizes.queries) *
        Math.ceil(sizes.keys / BIAS_WIDTH) * BIAS_WIDTH,
      dtype,
      "attention bias",
    );
    return kernel(m, [q, keys, values], sizes, { flash: false, mask: bias });
  });
}

/**
 * The memory-efficient kernel, which takes heads of any width but none that are
 * shared: transformers repeats them.
 *
 * Source: huggingface/transformers integrations/sdpa_attention.py, use_gqa_in_sdpa
 */
export function wideKernel(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
): Value {
  return m.call(() => {
    const keys = repeated(m, k, sizes);
    const values = repeated(m, v, sizes);
    return kernel(m, [q, keys, values], sizes, { flash: false });
  });
}

/** Heads repeated for every query in their own type, and masked arithmetic. */
function repeatedArithmetic(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  sizes: Heads,
  dropout: number,
): Value {
  return m.call(() => {
    const [keys, values] = [k, v].map((each) => repeated(m, each, sizes)) as [
      Value,
      Value,
    ];
    return attentionArithmetic(
      m,
      [q, keys, values],
      { ...sizes, kvHeads: sizes.heads },
      { masked: true, broadcasts: false, dropout },
    );
  });
}
