import type { MegatronPlan } from "../../plan/megatron/plan.ts";
import type { Inventory } from "../../plan/inventory.ts";
import { itemsOf, trainedItem } from "../../plan/inventory.ts";
import { besideBuffer } from "../../plan/beside.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";

/**
 * What a rank has of the model, and what stands beside it: the mask of attention,
 * though kernels pass it by, and the table of angles.
 *
 * Sources: deepspeedai/Megatron-DeepSpeed pretrain_gpt.py, model_provider;
 * megatron/utils.py, update_rotary_pos_emb
 */
export function rankInventory(
  { held, chunks, layerOf, kindOf, shares, dtype }: MegatronPlan,
  isPiped: boolean,
): Inventory {
  const items = itemsOf(
    "weights",
    held.map(({ parameter }, at): Tensor => ({
      name: `${at} ${parameter.name}`,
      shape: parameter.shape,
      layers: null,
      role: "other",
      piece: "language_model",
      module: "parameter",
      split: null,
      expert: false,
      quantized: false,
      dtype: null,
    })),
    (tensor) => ({
      dtype,
      trains: true,
      pieces: [
        DTYPE_BYTES[dtype] *
        tensor.shape.reduce((product, each) => product * each, 1),
      ],
      label: `parameters in ${dtype}`,
    }),
  );
  const [first = 0] = chunks[0]?.layers ?? [];
  const { turned } = layerOf(kindOf(first)).attention;
  const { sequence } = shares;
  return {
    items,
    beside: isPiped
      ? [
        besideBuffer("buffers", "mask of attention", sequence * sequence),
        besideBuffer(
          "buffers",
          "rotary angles",
          DTYPE_BYTES.fp32 * sequence * turned,
        ),
      ]
      : [],
    trained: items.map(trainedItem),
  };
}
