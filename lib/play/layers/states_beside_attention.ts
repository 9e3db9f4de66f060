import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { add, scaled } from "../torch/ops/arithmetic.ts";
import type { StateSpacePlan } from "./state_space_layer.ts";
import { stateSpaceLayer } from "./state_space_layer.ts";

/**
 * A state space and attention of the same input, both multiplied and added.
 *
 * Source: huggingface/transformers models/falcon_h1/modeling_falcon_h1.py,
 * FalconH1DecoderLayer
 *
 * @param held Takes what variables of the layer's code hold till it ends.
 */
export function statesBesideAttention(
  m: Machine,
  x: Value,
  stateSpace: StateSpacePlan,
  attend: (x: Value) => Value,
  held: Value[],
): Value {
  const mixed = stateSpaceLayer(m, x, stateSpace);
  const states = scaled(m, mixed, "multiplied state space");
  m.drop(mixed);
  const shown = scaled(m, x, "multiplied input of attention");
  const looked = attend(shown);
  m.drop(shown);
  const weighed = scaled(m, looked, "multiplied attention");
  m.drop(looked);
  held.push(states, weighed);
  return add(m, states, weighed, "state space and attention");
}
