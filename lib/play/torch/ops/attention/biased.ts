import type { Machine } from "../../machine.ts";
import type { Grad, Value } from "../../values.ts";
import { copied } from "../arithmetic.ts";
import { underAutocast } from "../linear.ts";
import { kernel } from "./kernel.ts";
import type { AttentionSettings, Heads, PositionBias } from "./types.ts";

/**
 * The memory-efficient kernel with a bias of positions, into which a mask is
 * written: one that is looked up is copied by each call, and its gradient is
 * one of every sequence, summed after.
 *
 * Source: huggingface/transformers integrations/sdpa_attention.py,
 * create_position_bias_mask; pytorch aten/src/ATen/native/transformers/attention.cpp,
 * pad_bias
 */
export function biased(
  m: Machine,
  heads: readonly [Value, Value, Value],
  { batch, ...sizes }: Heads,
  { masked, causal }: AttentionSettings,
  { value, isTurned }: PositionBias,
): Value {
  return m.call(() => {
    const own = masked || causal
      ? hidden(m, value, sizes, { times: masked ? batch : 1, shares: masked })
      : m.view(value);
    const padded = Math.ceil(sizes.keys / 16) * 16 > sizes.keys;
    const ordered = isTurned || padded
      ? copied(m, own, "attention bias")
      : m.view(own);
    m.drop(own);
    const narrow = underAutocast(m, ordered, "attention bias");
    m.drop(ordered);
    const times = batch * value.elements / narrow.elements;
    const mask = times > 1 ? expanded(m, narrow, times) : narrow;
    return kernel(m, heads, { batch, ...sizes }, { flash: false, mask });
  });
}

/**
 * A bias whose hidden places are overwritten, for so many sequences: by a mask
 * that all layers share, or one that is made anew.
 */
function hidden(
  m: Machine,
  bias: Value,
  { queries, keys }: Pick<Heads, "queries" | "keys">,
  { times, shares }: { times: number; shares: boolean },
): Value {
  const elements = bias.elements * times;
  const places = times * queries * keys;
  const seen = shares
    ? m.external(places, "uint8", "mask", null)
    : m.create(places, "uint8", "mask");
  const node = m.record([bias], [seen], () => [
    reducedTo(
      m,
      bias,
      m.grad(null, elements, bias.dtype, "gradient of bias"),
    ),
  ]);
  if (!shares) m.drop(seen);
  return m.create(
    elements,
    bias.dtype,
    "bias with mask",
    node && { node, slot: 0 },
  );
}

/** The same for several sequences, without a copy; gradients are summed. */
function expanded(m: Machine, x: Value, times: number): Value {
  const node = m.record([x], [], ([grad]) => [
    grad ? reducedTo(m, x, m.share(grad)) : null,
  ]);
  return m.view(x, {
    elements: x.elements * times,
    source: node && { node, slot: 0 },
  });
}

/** A gradient summed to the size of what it is for. */
function reducedTo(m: Machine, x: Value, grad: Grad): Grad {
  if (grad.elements === x.elements) return grad;
  const sum = m.grad(x.source, x.elements, x.dtype, "gradient of bias");
  m.free(grad);
  return sum;
}
