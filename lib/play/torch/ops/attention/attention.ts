import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { biased } from "./biased.ts";
import { eager } from "./eager.ts";
import { kernel } from "./kernel.ts";
import { sdpa } from "./sdpa.ts";
import type { AttentionSettings, Heads, PositionBias } from "./types.ts";
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
  switch (settings.implementation) {
    case "flash":
      return settings.unpads
        ? unpadded(m, heads, sizes)
        : kernel(m, heads, sizes, { flash: true, packaged: true });
    case "eager":
      return eager(m, heads, sizes, settings, bias?.value ?? null, held);
    case "sdpa":
      return sdpa(m, heads, sizes, settings);
  }
}
