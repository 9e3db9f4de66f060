import type { LayerCache } from "../../models/families/code/cache.ts";
import type { KeptPorts } from "../../play/record/kept_ports.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";

/**
 * Keeps the states of layers that are no attention: taken by the prompt's pass, and
 * written in place from then on.
 *
 * Source: huggingface/transformers cache_utils.py, LinearAttentionCacheLayerMixin
 *
 * @param isFirst Whether nothing is kept yet.
 */
export function keepStates(
  m: Machine,
  ports: KeptPorts,
  keeps: LayerCache,
  { batch, dtype, isFirst }: {
    readonly batch: number;
    readonly dtype: Dtype;
    readonly isFirst: boolean;
  },
): void {
  for (const part of keeps) {
    if (part.kind !== "state") continue;
    const [channels, width] = part.convolution ?? [0, 0];
    const sizes = [
      ["convolution states", channels * width],
      [
        "recurrent states",
        part.state?.reduce((all, each) => all * each, 1) ?? 0,
      ],
    ] as const;
    for (const [name, numbers] of sizes) {
      if (numbers === 0) continue;
      if (isFirst) m.drop(ports.kept(name, batch * numbers, dtype));
      else ports.taken(name, batch * numbers, dtype);
    }
  }
}
