import type { Config } from "../models/config.ts";
import type { MlpCode } from "../models/families/code/layer.ts";
import type { LayerStack } from "./stacks.ts";

/** A stack whose layers that cut their gates off are of kinds of their own. */
export function withCutGates(
  stack: LayerStack,
  cutsGate: MlpCode["cutsGate"],
  config: Config,
): LayerStack {
  if (cutsGate === null) return stack;
  const next = 1 + Math.max(...stack.kinds.map(({ id }) => id));
  const cutting = new Map(
    stack.kinds.map((kind, at) => [
      kind,
      { ...kind, id: next + at, cutsGate: true },
    ]),
  );
  const layers = stack.layers.map((kind, at) =>
    cutsGate(at, config) ? cutting.get(kind) ?? kind : kind
  );
  return { ...stack, kinds: [...new Set(layers)], layers };
}
