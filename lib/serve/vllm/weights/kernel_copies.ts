import type {
  StoredModel,
  StoredTensor,
} from "../../../formats/stored_model.ts";
import { elementsOf } from "../../../models/tensors/tensor.ts";
import type { MxKernels } from "./mxfp4.ts";
import type { RankLayout } from "./rank_shape.ts";
import { rankShapeOf } from "./rank_shape.ts";
import type { Model } from "../../../models/model.ts";

/**
 * Bytes that kernels have of one copy of a tensor beside its parameters, made once
 * they are loaded: latents' packed up-projection unpacked to 16 bits, and for Triton's
 * MXFP4 biases in fp32 and scales padded to its tiles.
 *
 * Source: vllm-project/vllm 0.33
 * model_executor/layers/attention/mla_attention.py, process_weights_after_loading;
 * model_executor/layers/fused_moe/oracle/mxfp4.py,
 * convert_gpt_oss_weight_to_mxfp4_moe_kernel_format; third_party/triton_kernels
 * tensor_details/layout_details/hopper_scale.py
 */
export function copiedBytes(
  { tensor, packing, matrices }: StoredTensor,
  { model, layout, kernels, elementBytes, hasMx }: {
    readonly model: Model;
    readonly layout: RankLayout;
    readonly kernels: MxKernels;
    readonly elementBytes: number;
    /** Whether the experts are in MXFP4. */
    readonly hasMx: boolean;
  },
): number {
  const own = rankShapeOf(tensor, model.architecture, layout);
  if (packing !== null && /\.kv_b_proj\./.test(tensor.name)) {
    return own.elements * elementBytes;
  }
  if (!hasMx || !tensor.expert || kernels !== "triton") return 0;
  if (/bias$/.test(tensor.name)) return own.elements * (4 - elementBytes);
  if (packing === null || matrices === null) return 0;
  const { outputs, inputs, count } = matrices;
  const isDown = tensor.role === "down";
  const rows = isDown ? outputs : Math.ceil(outputs * own.share);
  const groups = Math.ceil((isDown ? inputs * own.share : inputs) / MX_GROUP);
  const padded = upTo(rows, SCALE_ROWS) * upTo(groups, SCALE_GROUPS);
  return Math.round(count * own.experts) * (padded - rows * groups);
}

/** Whether a checkpoint has experts in MXFP4. */
export function hasMxfp4(checkpoint: StoredModel): boolean {
  return checkpoint.tensors.some(({ tensor, packing }) =>
    packing?.layout === "mxfp4" && tensor.expert && elementsOf(tensor) > 0
  );
}

const MX_GROUP = 32;

/** Rows of a tile of scales for 8 warps, and groups that are padded to. */
const SCALE_ROWS = 256;
const SCALE_GROUPS = 4;

function upTo(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}
