import type { Term } from "../method.ts";
import type { MultipliersSetup } from "./setup.ts";
import { spelled } from "./setup.ts";

/** Hidden vectors that a layer keeps for a token: its own, Q, K, V and output. */
const HIDDEN_VECTORS = 5;

/**
 * What the forward pass keeps for the backward pass: five hidden vectors and one
 * of the MLP's for each token and layer. Serving needs a share of it at
 * once, a tenth unless told otherwise.
 *
 * Source: gpu_memory_calculator.py.
 */
export function activations(setup: MultipliersSetup): Term {
  const { scenario, model, batch, length, bytes } = setup;
  const { layers, hidden_size, intermediate_size } = model.architecture;
  const { gradient_checkpointing, inference_activations } =
    scenario.multipliers;
  const [name, kept] = scenario.task === "serve"
    ? ["temporary activations", inference_activations] as const
    : [
      "activations",
      scenario.train.checkpointing === "full" ? gradient_checkpointing : 1,
    ] as const;
  const vectors = HIDDEN_VECTORS * hidden_size + intermediate_size;
  const whole = spelled(setup, [
    `${layers} layers`,
    `(${HIDDEN_VECTORS} × ${hidden_size} + ${intermediate_size})`,
  ]);
  return {
    name,
    bytes: batch * length * layers * vectors * bytes * kept,
    formula: kept === 1 ? whole : `${whole} × ${kept}`,
    basis: "assumed",
  };
}
