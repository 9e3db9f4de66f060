import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { biased } from "./biased.ts";
import { eager } from "./eager.ts";
import { kernel } from "./kernel.ts";
import { liesByHead } from "./context.ts";
import { ringAttention } from "./ring.ts";
import { liesByToken, MAX_FLASH_WIDTH, sdpa, wideKernel } from "./sdpa.ts";
import type { AttentionSettings, Heads, PositionBias } from "./types.ts";
import { cast, copied } from "../arithmetic.ts";
import { ulyssesAttention } from "./ulysses.ts";
import { unpadded } from "./unpadded.ts";

/**
 * Attention of q, k and v, heads side by side: [batch × queries × heads × width].
 *
 * @param bias Added to the scores before the softmax.
 * @param held Takes the weights, where the caller refers to them until it drops
 *   them.
 */
export function attention(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
  settings: AttentionSettings,
  bias: PositionBias | null = null,
  held: Value[] | null = null,
): Value {
  if (bias && settings.implementation !== "eager") {
    return biased(m, heads, sizes, settings, bias);
  }
  const { context = null, causal } = settings;
  if (context?.kind === "ring") {
    return ringAttention(m, heads, sizes, context.ring, causal);
  }
  if (context) {
    return ulyssesAttention(
      m,
      heads,
      sizes,
      settings,
      context.ranks,
      attention,
    );
  }
  switch (settings.implementation) {
    case "flash":
      return sizes.width > MAX_FLASH_WIDTH
        ? wideKernel(m, heads, sizes)
        : flash(m, heads, sizes, settings);
    case "eager":
      return eager(m, heads, sizes, settings, bias?.value ?? null, held);
    case "sdpa":
      return sdpa(m, heads, sizes, settings);
  }
}

/**
 * A flash kernel, which takes no heads in fp32.
 *
 * Source: huggingface/transformers integrations/flash_attention.py,
 * get_target_dtype
 */
function flash(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
  { unpads, flashDtype = null }: AttentionSettings,
): Value {
  const run = (given: readonly [Value, Value, Value]) =>
    unpads
      ? unpadded(m, given, sizes)
      : kernel(m, given, sizes, { flash: true, packaged: true });
  if (m.autocast || !flashDtype || heads[0].dtype !== "fp32") return run(heads);
  return m.call(() => {
    const [q, k, v] = heads.map((each) =>
      cast(m, each, flashDtype, "attention input")
    ) as [Value, Value, Value];
    return run([q, k, v]);
  });
}

/**
 * Attention's output token by token, as the next product wants it.
 *
 * @param byHead Whether heads lie head by head, and so what a kernel makes of them.
 */
export function orderedOutput(
  m: Machine,
  out: Value,
  settings: AttentionSettings,
  byHead: boolean,
): Value {
  const { implementation, masked, causal, context = null } = settings;
  const joined = (ordered: Value): Value => {
    if (!settings.joins || implementation === "flash") return ordered;
    const all = copied(m, ordered, "attention output of all sequences");
    m.drop(ordered);
    return all;
  };
  const isCopied = context?.kind === "ulysses"
    ? false
    : context
    ? byHead || liesByHead(context.ring, causal)
    : byHead && !liesByToken(implementation, masked, out.dtype);
  if (!isCopied) return joined(out);
  const ordered = copied(m, out, "attention output by token");
  m.drop(out);
  return joined(ordered);
}
