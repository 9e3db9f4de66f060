import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import { add } from "../../play/torch/ops/arithmetic.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import { norm } from "../../play/torch/ops/norms.ts";
import { megatronAttention } from "./attention.ts";
import { megatronExperts } from "./experts.ts";
import { megatronLatentAttention } from "./latent.ts";
import { mlp } from "./mlp.ts";
import { discarding } from "./recompute.ts";
import type { LayerPart, Shares } from "./shares.ts";
import { ownTokens } from "./shares.ts";

/**
 * A layer of Megatron-Core without dropout: two halves, each a norm, a module and
 * the sum with what it read.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/transformer/transformer_layer.py, TransformerLayer
 */
export function layer(
  m: Machine,
  x: Value,
  part: LayerPart,
  shares: Shares,
): Value {
  const half = (
    input: Value,
    own: Norm,
    label: string,
    module: (normed: Value) => Value,
  ): Value =>
    m.call(() => {
      const normed = (given: Value) =>
        m.within(
          "norm activations",
          () => norm(m, given, ownTokens(shares), own, label),
        );
      if (!shares.recomputed.has("layernorm")) {
        return add(m, input, module(normed(input)), "residual sum");
      }
      const { outs, discard } = discarding(m, [input], (x) => [normed(x)]);
      const [out = input] = outs;
      return add(m, input, discard(module(out)), "residual sum");
    });
  return m.call(() => {
    const { attention: first, mlp: second } = part;
    const attended = half(
      x,
      part.attentionNorm,
      "input norm",
      (normed) =>
        "qkv" in first
          ? megatronAttention(m, normed, first, shares)
          : megatronLatentAttention(m, normed, first, shares),
    );
    return half(
      attended,
      part.mlpNorm,
      "norm before the MLP",
      (normed) =>
        "router" in second
          ? megatronExperts(m, normed, second, shares)
          : mlp(m, normed, second, shares),
    );
  });
}
