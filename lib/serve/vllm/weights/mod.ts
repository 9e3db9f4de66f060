import type { StoredModel } from "../../../formats/stored_model.ts";
import type { Model } from "../../../models/model.ts";
import type { Tensor } from "../../../models/tensors/tensor.ts";
import { copiesOf } from "../../../models/tensors/tensor.ts";
import { FLOAT_BYTES } from "../../../models/weight_bytes.ts";
import type { Scenario } from "../../../scenario/schema.ts";
import type { ServingGpu } from "../../engine.ts";
import type { ServingStage } from "../stages.ts";
import { layersWithin } from "../stages.ts";
import { copiedBytes, hasMxfp4 } from "./kernel_copies.ts";
import type { AdapterSlots } from "./lora.ts";
import { adapterBytes } from "./lora.ts";
import { mxKernelsOf, mxPaddingOf, NO_PADDING } from "./mxfp4.ts";
import { bytesOnGpu } from "./on_gpu.ts";
import type { RankLayout } from "./rank_shape.ts";
import { rotaryTableBytes } from "./tables.ts";

/** What loading a model leaves on a rank, in bytes. */
export interface LoadedWeights {
  readonly parameters: number;
  /** What kernels have of them beside. */
  readonly copies: number;
  /** Tables of positions' cosines and sines. */
  readonly tables: number;
  /** Slots for adapters. */
  readonly adapters: number;
}

/** What loading a checkpoint leaves on each stage of a pipeline. */
export function loadedWeights(
  checkpoint: StoredModel,
  model: Model,
  { layout, stages, gpu, type, slots }: {
    readonly layout: RankLayout;
    readonly stages: readonly ServingStage[];
    readonly gpu: ServingGpu;
    readonly type: Scenario["precision"]["weights"];
    readonly slots: AdapterSlots | null;
  },
): LoadedWeights[] {
  const elementBytes = FLOAT_BYTES[type];
  const hasMx = hasMxfp4(checkpoint);
  const kernels = mxKernelsOf(model, gpu);
  const mx = hasMx ? mxPaddingOf(model, gpu, layout.expertTp) : NO_PADDING;
  const each = checkpoint.tensors.map((stored) => {
    const { tensor } = stored;
    return {
      tensor,
      parameters: bytesOnGpu(stored, { model, layout, type, mx }),
      copies: copiedBytes(stored, {
        model,
        layout,
        kernels,
        elementBytes,
        hasMx,
      }),
      adapters: slots
        ? adapterBytes(tensor, model, layout, { slots, elementBytes })
        : 0,
    };
  });
  const tables = rotaryTableBytes(model, elementBytes);
  return stages.map((stage): LoadedWeights => {
    let parameters = 0;
    let copies = 0;
    let adapters = 0;
    for (const one of each) {
      const times = copiesOn(stage, one.tensor, model);
      parameters += times * one.parameters;
      copies += times * one.copies;
      adapters += times * one.adapters;
    }
    return { parameters, copies, tables, adapters };
  });
}

/** How many copies of a tensor a stage holds. */
function copiesOn(stage: ServingStage, tensor: Tensor, model: Model): number {
  const { layers, piece, role } = tensor;
  if (stage.isFirst && stage.isLast) return copiesOf(tensor);
  const isDecoders = piece === "language_model";
  if (layers !== null && isDecoders) return layersWithin(layers, stage);
  if (role === "head" || (isDecoders && role === "norm")) {
    return stage.isLast ? 1 : 0;
  }
  const isShared = role === "embedding" && model.architecture.tie_embeddings;
  return stage.isFirst || (isShared && stage.isLast) ? copiesOf(tensor) : 0;
}
