import type { ChannelDeltaPlan } from "../play/layers/channel_delta_layer.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import type { MixedBatch } from "./mixed_batch.ts";
import type { Modules } from "./modules.ts";

/** Kimi's delta attention of a layer; null where it has none. */
export function channelDeltaOf(
  modules: Modules,
  { batch, sequence, masked }: MixedBatch,
): ChannelDeltaPlan | null {
  const found = modules.find((name) => /(^|\.)forget_gate\.A_log$/.test(name));
  if (found === null) return null;
  const path = found.slice(0, -"forget_gate.A_log".length);
  const parameter = (name: string) => modules.parameter(`${path}${name}`);
  const linear = (name: string) => modules.linear(`${path}${name}`);
  const [aLog, dtBias, conv, norm] = [
    "forget_gate.A_log",
    "forget_gate.dt_bias",
    "conv1d.weight",
    "o_norm.weight",
  ].map(parameter);
  const [q, k, v, b, outProj] = [
    "q_proj",
    "k_proj",
    "v_proj",
    "b_proj",
    "o_proj",
  ].map(linear);
  const chain = (whole: string, parts: readonly string[]): AdaptedLinear[] => {
    const own = linear(whole);
    return own ? [own] : parts.flatMap((name) => linear(name) ?? []);
  };
  if (!aLog || !dtBias || !conv || !norm) return null;
  if (!q || !k || !v || !b || !outProj) return null;
  const heads = aLog.elements;
  const width = outProj.in / heads;
  return {
    kind: "channel delta",
    rows: batch * sequence,
    masked: masked && batch > 1,
    rule: {
      batch,
      sequence,
      keyHeads: heads,
      keyWidth: width,
      heads,
      width,
    },
    q,
    k,
    v,
    b,
    forget: chain("forget_gate.f_proj", [
      "forget_gate.f_a_proj",
      "forget_gate.f_b_proj",
    ]),
    gate: chain("g_proj", ["g_a_proj", "g_b_proj"]),
    conv,
    convBias: parameter("conv1d.bias"),
    aLog,
    dtBias,
    norm,
    outProj,
  };
}
