import type { StoredMatrices } from "../../../formats/matrices.ts";
import { piecesOf } from "../../../formats/pieces.ts";
import type { StoredTensor } from "../../../formats/stored_model.ts";
import type { WeightPacking } from "../../../formats/weight_packing.ts";
import { codeOfType } from "../../../models/families/mod.ts";
import type { Model } from "../../../models/model.ts";
import { elementsOf } from "../../../models/tensors/tensor.ts";
import { FLOAT_BYTES } from "../../../models/weight_bytes.ts";
import type { Scenario } from "../../../scenario/schema.ts";
import type { MxPadding } from "./mxfp4.ts";
import { mxMatrices, mxShare } from "./mxfp4.ts";
import type { RankLayout, RankShape } from "./rank_shape.ts";
import { rankShapeOf } from "./rank_shape.ts";

/** What decides how weights lie on a GPU. */
export interface WeightUse {
  readonly model: Model;
  readonly layout: RankLayout;
  readonly type: Scenario["precision"]["weights"];
  /** What MXFP4's kernels pad experts to. */
  readonly mx: MxPadding;
}

/**
 * Bytes of one copy of a stored tensor as vLLM makes its parameters on a rank: each
 * matrix with the scales and zeros that its share needs.
 */
export function bytesOnGpu(stored: StoredTensor, use: WeightUse): number {
  const { tensor, packing, matrices } = stored;
  const { model, layout } = use;
  const own = rankShapeOf(tensor, model.architecture, layout);
  if (packing === null || matrices === null) {
    return plainBytes(stored, own, use);
  }
  const { outputs, inputs, count } = sharedOut(stored, matrices, own, use);
  return packedBytes(packing, { outputs, inputs, count });
}

/** The matrices of a packed tensor that a rank has. */
function sharedOut(
  { tensor, packing }: StoredTensor,
  { count, outputs, inputs }: StoredMatrices,
  { axis, share, experts }: RankShape,
  { model, mx }: WeightUse,
): StoredMatrices {
  const isOutputs = axis !== null &&
    partsOutputs(tensor, model.architecture.type, axis);
  const own: StoredMatrices = {
    count: Math.round(count * experts),
    outputs: isOutputs ? Math.ceil(outputs * share) : outputs,
    inputs: axis !== null && !isOutputs ? Math.ceil(inputs * share) : inputs,
  };
  return packing?.layout === "mxfp4" && tensor.expert
    ? mxMatrices(tensor, own, mx)
    : own;
}

/** Whether a dimension of a tensor is its matrices' outputs. */
function partsOutputs(
  { shape, expert, module }: StoredTensor["tensor"],
  type: string,
  axis: number,
): boolean {
  if (shape.length < 3 || !expert) {
    return module === "conv1d" ? axis === 1 : axis === 0;
  }
  const { isTransposed } = codeOfType(type).experts;
  return isTransposed ? axis === 2 : axis === 1;
}

/** Arrays of a checkpoint that vLLM has no use for once it has loaded. */
const LEFT_OUT = ["weight_shape", "g_idx"];

function packedBytes(packing: WeightPacking, matrices: StoredMatrices): number {
  const { layout, bits, activations, kind } = packing;
  // compressed-tensors' scales of 8-bit matrices are fp32 on the GPU.
  const widens = layout === "compressed-tensors" && bits === 8 &&
    (activations !== null || kind === "float");
  return piecesOf(packing, matrices).reduce((sum, { name, bytes }) => {
    if (LEFT_OUT.includes(name)) return sum;
    return sum + (widens && name.endsWith("_scale") ? 2 * bytes : bytes);
  }, 0);
}

function plainBytes(
  { tensor, format, pieces }: StoredTensor,
  { elements }: RankShape,
  use: WeightUse,
): number {
  if (!(format in FLOAT_BYTES)) {
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    return Math.ceil(bytes * elements / Math.max(1, elementsOf(tensor)));
  }
  const width = isWide(tensor) ? FLOAT_BYTES.fp32 : FLOAT_BYTES[use.type];
  return elements * width * mxShare(tensor, use.mx);
}

/**
 * Whether vLLM keeps a tensor in fp32 whatever the model is in: the decays of Mamba,
 * and what balances experts.
 *
 * Source: vllm-project/vllm 0.33 model_executor/layers/mamba/mamba_mixer.py and
 * mamba_mixer2.py, self.A; model_executor/models/deepseek_v2.py,
 * e_score_correction_bias
 */
function isWide({ dtype, name }: StoredTensor["tensor"]): boolean {
  return dtype === "fp32" || /\b(mamba|mixer)\.A_log$/.test(name);
}
