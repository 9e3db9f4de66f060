import { weightFormat } from "../scenario/weight_format.ts";
import type { Model } from "../models/model.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../models/tensors/tensor.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Packed } from "../play/torch/ops/linear.ts";
import {
  bitsandbytesProduct,
  isBitsandbytes,
} from "../software/bitsandbytes/formats.ts";
import { playedCode } from "../software/mod.ts";
import type { Packing } from "../software/model_code.ts";
import { upcastsUnpacked } from "../software/peft/upcast.ts";
import { putsBack } from "../software/trl/upcast.ts";
import { packedBytes } from "./packed_bytes.ts";

/** How a tensor of the model lies on the device. */
export interface Stored {
  readonly dtype: Dtype;
  readonly trains: boolean;
  /** Null where it is not quantised. */
  readonly packed: Packed | null;
  /** Bytes of each piece that it is stored in: the matrix, its scales, … */
  readonly pieces: readonly number[];
}

/** Decides how tensors lie on the device. */
export type Storage = (tensor: Tensor) => Stored;

/** The rules by which a Scenario's model is loaded for training. */
export function storageOf(scenario: Scenario, packing: Packing): Storage {
  const { precision, quantization, train } = scenario;
  const format = weightFormat(scenario);
  const compute = precision.autocast ?? precision.weights;
  const { expands, savesInput } = bitsandbytesProduct(scenario) ?? FUSED;
  const upcasts = upcastsUnpacked(scenario);
  const skipped = isBitsandbytes(scenario) ? quantization.skip_modules : [];
  // Names stand in the place of the head, which is skipped by itself.
  const skipping = skipped.length > 0
    ? { ...packing, packsHead: true }
    : packing;
  // TRL puts some of what PEFT has cast back to bf16.
  const plainDtype = (tensor: Tensor): Dtype =>
    !upcasts ? precision.weights : putsBack(tensor, scenario) ? "bf16" : "fp32";
  return (tensor) => {
    const elements = elementsOf(tensor);
    if (
      format !== "none" && !packing.findsNone &&
      (isPacked(tensor, skipping) || isRestored(tensor, packing, scenario)) &&
      !isSkipped(tensor, skipped)
    ) {
      const isWhole = isRestored(tensor, packing, scenario);
      return {
        dtype: "uint8",
        trains: false,
        packed: {
          elements,
          compute,
          expands,
          savesInput,
          through: packing.from,
          ...isWhole ? { restored: precision.weights } : {},
        },
        pieces: (isWhole ? [tensor.shape] : matricesOf(tensor)).flatMap((
          shape,
        ) => packedBytes(format, shape, quantization.group_size)),
      };
    }
    const trains = train.method === "full" && !tensor.frozen &&
      (train.trainable === "all" ||
        (train.trainable as readonly string[]).includes(tensor.piece));
    const frozen = train.method === "full" && !trains ? precision.frozen : null;
    const dtype = tensor.dtype ?? frozen ?? plainDtype(tensor);
    return {
      dtype,
      trains,
      packed: null,
      pieces: [elements * DTYPE_BYTES[dtype]],
    };
  };
}

/** A product of a kernel that expands a tile at a time. */
const FUSED = { expands: false, savesInput: false } as const;

/**
 * Parameters of experts that bitsandbytes leaves as they are, for it packs linear
 * layers and transformers 5 keeps a layer's experts as bare parameters.
 *
 * Source: huggingface/transformers integrations/bitsandbytes.py,
 * replace_with_bnb_linear; models/mixtral/modeling_mixtral.py, MixtralExperts
 *
 * @returns 0 without bitsandbytes.
 */
export function unpackedExperts(scenario: Scenario, model: Model): number {
  if (!isBitsandbytes(scenario)) return 0;
  const storage = storageOf(scenario, playedCode(scenario, model).packing);
  return model.tensors
    .filter((tensor) => tensor.expert && storage(tensor).packed === null)
    .reduce((sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor), 0);
}

/**
 * Whether a tensor's module is one of those that are named as not to be packed.
 *
 * Source: huggingface/transformers 5.23.0 quantizers/quantizers_utils.py,
 * should_convert_module
 */
function isSkipped({ name }: Tensor, skipped: readonly string[]): boolean {
  const path = name.replace(/\.(?:weight|bias)$/, "");
  return skipped.some((each) =>
    path === each || path.startsWith(`${each}.`) || path.endsWith(each)
  );
}

/** Whether a tensor is one of those that a format packs. */
function isPacked(
  { quantized, role, expert, shape }: Tensor,
  { packsHead, packsExperts }: Packing,
): boolean {
  return quantized || (packsHead && role === "head") ||
    (packsExperts && (expert || (role === "router" && shape.length === 2)));
}

/**
 * Whether experts of a layer are one parameter that is packed all the same: modules
 * find it expanded while they run.
 *
 * Source: bitsandbytes 0.50.2 nn/parametrize.py, replace_parameter_4bit;
 * axolotl-ai-cloud/axolotl 0.18 src/axolotl/monkeypatch/moe_quant.py
 */
function isRestored(
  { expert, shape }: Tensor,
  { packsExperts }: Packing,
  scenario: Scenario,
): boolean {
  return scenario.quantization.experts && !packsExperts && expert &&
    shape.length === 3 && isBitsandbytes(scenario);
}

/** A packed tensor's pieces: its matrices, and what stands beside them. */
export function splitPieces(
  { tensor, pieces }: {
    readonly tensor: Tensor;
    readonly pieces: readonly number[];
  },
): {
  readonly matrices: readonly number[];
  readonly beside: readonly number[];
} {
  const each = pieces.length / matricesOf(tensor).length;
  const isMatrix = (_: number, at: number) => at % each === 0;
  return {
    matrices: pieces.filter(isMatrix),
    beside: pieces.filter((bytes, at) => !isMatrix(bytes, at)),
  };
}

/** The matrices that a tensor of experts was in transformers 4. */
function matricesOf({ shape, expert, role }: Tensor): (readonly number[])[] {
  if (!expert || shape.length !== 3) return [shape];
  const [experts = 1, rows = 1, width = 1] = shape;
  const pair = role === "gate_up" ? 2 : 1;
  return Array.from({ length: experts * pair }, () => [rows / pair, width]);
}
