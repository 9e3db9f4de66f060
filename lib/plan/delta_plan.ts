import type {
  DeltaPlan,
  DeltaProjections,
} from "../play/layers/delta_layer.ts";
import type { MixedBatch } from "./mixed_batch.ts";
import type { Modules } from "./modules.ts";

/**
 * The gated delta rule of a layer; null where it has none.
 *
 * Heads of values have a bias each; how many those of keys are the config says.
 */
export function deltaPlanOf(
  modules: Modules,
  { keyHeads, isPlain, doublesBetas }: {
    readonly keyHeads: number;
    readonly isPlain: boolean;
    readonly doublesBetas: boolean;
  },
  { batch, sequence, masked }: MixedBatch,
): DeltaPlan | null {
  const found = modules.find((name) => /(^|\.)A_log$/.test(name));
  if (found === null) return null;
  const path = found.slice(0, -"A_log".length);
  const parameter = (name: string) => modules.parameter(`${path}${name}`);
  const [aLog, dtBias, conv] = ["A_log", "dt_bias", "conv1d.weight"].map(
    parameter,
  );
  const norm = parameter("norm.weight") ?? parameter("o_norm.weight");
  const outProj = modules.linear(`${path}out_proj`) ??
    modules.linear(`${path}o_proj`);
  const projections = projectionsOf(modules, path);
  if (!aLog || !dtBias || !conv || !norm || !outProj || !projections) {
    return null;
  }
  const [channels = 0] = conv.shape;
  const heads = dtBias.elements;
  return {
    kind: "delta",
    isPlain,
    rows: batch * sequence,
    masked: masked && batch > 1,
    rule: {
      batch,
      sequence,
      keyHeads,
      keyWidth: (channels - outProj.in) / (2 * keyHeads),
      heads,
      width: outProj.in / heads,
    },
    doublesBetas,
    projections,
    conv,
    convBias: parameter("conv1d.bias"),
    aLog,
    dtBias,
    norm,
    outProj,
  };
}

function projectionsOf(
  modules: Modules,
  path: string,
): DeltaProjections | null {
  const linear = (name: string) => modules.linear(`${path}in_proj_${name}`);
  const [qkv, z, b, a] = ["qkv", "z", "b", "a"].map(linear);
  if (qkv && z && b && a) return { qkv, z, b, a };
  const [qkvz, ba] = ["qkvz", "ba"].map(linear);
  if (qkvz && ba) return { qkvz, ba };
  const [q, k, v, g, each, step] = ["q", "k", "v", "g", "b", "a"].map((name) =>
    modules.linear(`${path}${name}_proj`)
  );
  return q && k && v && g && each && step
    ? { q, k, v, z: g, b: each, a: step }
    : null;
}
