import { activation } from "../../../play/torch/ops/activations.ts";
import { adaptedLinear } from "../../../play/torch/ops/adapted_linear.ts";
import { norm } from "../../../play/torch/ops/norms.ts";
import type { Machine } from "../../../play/torch/machine.ts";
import type { Value } from "../../../play/torch/values.ts";
import type { ModuleSource } from "../../sight.ts";

/** Neighbouring patches as one token, for hidden states that the caller holds. */
export type Merger = (
  m: Machine,
  x: Value,
  sizes: { readonly rows: number; readonly tokens: number },
) => Value;

/**
 * A norm, before or after patches lie side by side, and two linears.
 *
 * Source: huggingface/transformers models/qwen3_vl/modeling_qwen3_vl.py,
 * Qwen3VLVisionPatchMerger; models/qwen3_omni_moe/modeling_qwen3_omni_moe.py
 *
 * @param isOfIt Whether a tensor of a name is of it.
 */
export function mergerOf(
  source: ModuleSource,
  isOfIt: (name: string) => boolean = () => true,
): Merger | null {
  const named = (pattern: RegExp) =>
    source.pathOf((name) => isOfIt(name) && pattern.test(name));
  const own = source.norm(named(/(^|\.)(norm|ln_q)\.weight$/), "layer");
  const first = source.linear(named(/(linear_fc1|mlp\.0)\.weight$/));
  const second = source.linear(named(/(linear_fc2|mlp\.2)\.weight$/));
  if (!own || !first || !second) return null;
  return (m, x, { rows, tokens }) =>
    m.call(() => {
      const normRows = own.weight?.elements === first.in ? tokens : rows;
      const normed = norm(m, x, normRows, own, "merger norm");
      const wide = adaptedLinear(m, normed, tokens, first);
      m.drop(normed);
      const active = activation(m, wide, "kernel", "merger");
      m.drop(wide);
      return adaptedLinear(m, active, tokens, second);
    });
}
