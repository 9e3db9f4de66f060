import type {
  LayerCache,
  StateTensor,
} from "../../models/families/code/cache.ts";
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
    const tensors: readonly (readonly [string, StateTensor | null])[] = [
      [
        "convolution states",
        part.convolution && { shape: part.convolution, isWide: false },
      ],
      [
        "recurrent states",
        part.state && { shape: part.state, isWide: part.isWide },
      ],
      ...part.others.map((other, at) =>
        [`other states ${at + 1}`, other] as const
      ),
    ];
    for (const [name, tensor] of tensors) {
      const numbers = batch *
        (tensor?.shape.reduce((all, each) => all * each) ?? 0);
      if (numbers === 0) continue;
      const kept = tensor?.isWide ? "fp32" : dtype;
      if (isFirst) m.drop(ports.kept(name, numbers, kept));
      else ports.taken(name, numbers, kept);
    }
  }
}
