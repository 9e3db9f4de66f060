import type { StoredMatrices } from "../../../formats/matrices.ts";
import type { Model } from "../../../models/model.ts";
import type { Tensor } from "../../../models/tensors/tensor.ts";
import type { ServingGpu } from "../../engine.ts";
import { capabilityOf } from "../capability.ts";

/** What the kernels of MXFP4's experts pad their matrices to. */
export interface MxPadding {
  /** Sizes that an expert's own width and the hidden size have to be multiples of. */
  readonly width: number;
  readonly hidden: number;
  /** Shares that biases of gates with ups and of downs are padded by. */
  readonly biases: { readonly gateUp: number; readonly down: number };
}

/** Where nothing is padded. */
export const NO_PADDING: MxPadding = {
  width: 1,
  hidden: 1,
  biases: { gateUp: 1, down: 1 },
};

/** Which kernels compute experts in MXFP4. */
export type MxKernels = "triton" | "trtllm" | "marlin";

/**
 * The kernels that are taken for experts in MXFP4.
 *
 * Source: vllm-project/vllm 0.33 model_executor/layers/fused_moe/oracle/mxfp4.py,
 * _get_priority_backends_for_gpt_oss, _get_priority_backends
 */
export function mxKernelsOf(model: Model, gpu: ServingGpu): MxKernels {
  const { major } = capabilityOf(gpu);
  if (major === 10) return "trtllm";
  return model.architecture.type === "gpt_oss" && major === 9
    ? "triton"
    : "marlin";
}

/** Source: mxfp4_round_up_hidden_size_and_intermediate_size, the same file */
const MULTIPLES: Readonly<
  Record<MxKernels, { readonly width: number; readonly hidden: number }>
> = {
  triton: { width: 64, hidden: 1 },
  trtllm: { width: 128, hidden: 256 },
  marlin: { width: 128, hidden: 256 },
};

/** What a model's experts are padded to on a GPU. */
export function mxPaddingOf(
  model: Model,
  gpu: ServingGpu,
  expertTp: number,
): MxPadding {
  const { hidden_size, expert_intermediate_size } = model.architecture;
  const { width, hidden } = MULTIPLES[mxKernelsOf(model, gpu)];
  const own = Math.ceil(expert_intermediate_size / expertTp);
  return {
    width,
    hidden,
    biases: {
      gateUp: own === 0 ? 1 : upTo(own, width) / own,
      down: upTo(hidden_size, hidden) / hidden_size,
    },
  };
}

/** A rank's matrices with what the kernels pad them by. */
export function mxMatrices(
  { role }: Tensor,
  { count, outputs, inputs }: StoredMatrices,
  { width, hidden }: MxPadding,
): StoredMatrices {
  if (role === "down") {
    return {
      count,
      outputs: upTo(outputs, hidden),
      inputs: upTo(inputs, width),
    };
  }
  const pair = role === "gate_up" ? 2 : 1;
  return {
    count,
    outputs: pair * upTo(outputs / pair, width),
    inputs: upTo(inputs, hidden),
  };
}

/** By how much an expert's bias is padded; 1 for other tensors. */
export function mxShare(
  { expert, name, role }: Tensor,
  { biases }: MxPadding,
): number {
  if (!expert || !/bias$/.test(name)) return 1;
  return role === "down" ? biases.down : biases.gateUp;
}

function upTo(size: number, multiple: number): number {
  return Math.ceil(size / multiple) * multiple;
}
