import type { Term } from "../method.ts";
import type { Setup } from "./setup.ts";
import { spelled } from "./setup.ts";

/** Hidden vectors that a layer keeps for a token: its own, Q, K, V and output. */
const HIDDEN_VECTORS = 5;

/** What gradient checkpointing leaves of the activations. */
const CHECKPOINTED = 0.3;

/** What serving needs at once, as a share of what training keeps. */
const TEMPORARY = 0.1;

/**
 * What the forward pass keeps for the backward pass: five hidden vectors and one
 * of the MLP's for each token and layer. When serving, a tenth of it.
 *
 * Source: gpu_memory_calculator.py.
 */
export function activations(setup: Setup): Term {
  const { scenario, model, batch, length, bytes } = setup;
  const { layers, hidden_size, intermediate_size } = model.architecture;
  const [name, kept] = scenario.task === "serve"
    ? ["temporary activations", TEMPORARY] as const
    : [
      "activations",
      scenario.train.checkpointing === "full" ? CHECKPOINTED : 1,
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
