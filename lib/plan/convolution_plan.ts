import type { ShortConvolutionPlan } from "../play/layers/short_convolution.ts";
import type { MixedBatch } from "./mixed_batch.ts";
import type { Modules } from "./modules.ts";

/** The short convolution of a layer; null where it has none. */
export function shortConvolutionOf(
  modules: Modules,
  isPlain: boolean,
  { batch, sequence, masked }: MixedBatch,
): ShortConvolutionPlan | null {
  const found = modules.find((name) => /(^|\.)conv\.conv\.weight$/.test(name));
  const conv = modules.parameter(found);
  if (found === null || !conv) return null;
  const path = found.slice(0, -"conv.weight".length);
  const [inProj, outProj] = ["in_proj", "out_proj"].map((name) =>
    modules.linear(`${path}${name}`)
  );
  return inProj && outProj
    ? {
      kind: "convolution",
      rows: batch * sequence,
      masked: masked && batch > 1,
      batch,
      isPlain,
      inProj,
      conv,
      convBias: modules.parameter(`${path}conv.bias`),
      outProj,
    }
    : null;
}
