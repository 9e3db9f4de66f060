import type { PartName } from "../../answer/parts.ts";
import type { Machine } from "../torch/machine.ts";
import type { Grad, Parameter, Value } from "../torch/values.ts";
import { DTYPE_BYTES } from "../torch/dtype.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { add, scaled } from "../torch/ops/arithmetic.ts";
import { embedding } from "../torch/ops/embedding.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { Shared } from "./encoders/shared.ts";

/** How the inputs that tokens have for each layer are made. */
export interface LayerInputsPlan {
  readonly table: Parameter;
  readonly projection: AdaptedLinear;
  readonly norm: Norm;
  /** Of how many layers. */
  readonly layers: number;
}

/** The inputs of all layers, and where their gradients come back to. */
export interface MadeInputs {
  readonly value: Value;
  readonly shared: Shared;
  readonly gradient: Grad | null;
}

const [NAME, GRADIENT] = ["inputs of layers", "gradient of layers' inputs"];
const PART: PartName = "embeddings";

/**
 * The inputs of all layers side by side: looked up, and projected of the embeddings.
 *
 * Source: huggingface/transformers models/gemma4/modeling_gemma4.py,
 * get_per_layer_inputs and project_per_layer_inputs
 */
export function inputsOfLayers(
  m: Machine,
  ids: Value,
  embeddings: Value,
  rows: number,
  { table, projection, norm: own, layers }: LayerInputsPlan,
): MadeInputs {
  const value = m.call(() => {
    const looked = embedding(m, table, ids, rows, "rows of layers");
    const mine = scaled(m, looked, "scaled rows of layers");
    m.drop(looked);
    const made = adaptedLinear(m, embeddings, rows, projection);
    const less = scaled(m, made, "scaled projection");
    m.drop(made);
    const normed = norm(m, less, rows * layers, own, "norm of layers' inputs");
    m.drop(less);
    const sum = add(m, normed, mine, "sum of layers' inputs");
    const out = scaled(m, sum, NAME);
    m.drop(sum);
    return out;
  });
  const { elements, dtype, source } = m.keep(value);
  return {
    value,
    shared: {
      name: NAME,
      elements,
      dtype,
      needsGrad: source !== null,
      part: PART,
      gradient: GRADIENT,
    },
    gradient: source && {
      storage: m.tape.external(
        elements * DTYPE_BYTES[dtype],
        GRADIENT,
        "activation gradients",
      ),
      elements,
      dtype,
    },
  };
}
