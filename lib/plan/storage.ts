import { weightFormat } from "../scenario/weight_format.ts";
import type { Model } from "../models/model.ts";
import type { FamilyCode } from "../models/families/code/code.ts";
import { expertsAreLinears } from "../models/families/code/experts.ts";
import { codeOfType } from "../models/families/mod.ts";
import type { Tensor } from "../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../models/tensors/tensor.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Packed } from "../play/torch/ops/linear.ts";
import { playedCode } from "./model_code.ts";
import { packedBytes } from "./packed_bytes.ts";
import { isFrom, versionOf } from "./version.ts";

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

/** Formats that bitsandbytes packs, whose models PEFT prepares for training. */
const BITSANDBYTES = new Set(["nf4", "nf4-dq", "int8"]);

/** Whether bitsandbytes packs a Scenario's weights. */
export function isBitsandbytes(scenario: Scenario): boolean {
  return BITSANDBYTES.has(weightFormat(scenario));
}

/** Formats whose product expands the whole matrix first. */
const EXPANDING = new Set(["nf4", "nf4-dq"]);

/** The rules by which a Scenario's model is loaded for training. */
export function storageOf(
  scenario: Scenario,
  family: FamilyCode,
): Storage {
  const { precision, quantization, train, software } = scenario;
  const format = weightFormat(scenario);
  const compute = precision.autocast ?? precision.weights;
  const savesInput = BITSANDBYTES.has(format) &&
    savesInputs(software.bitsandbytes);
  const { quantisesHead, packedFrom } = playedCode(scenario);
  const leaves = leavesLinears(scenario, family);
  const areLinears = expertsAreLinears(
    family.experts,
    versionOf(software.transformers)?.major,
  );
  return (tensor) => {
    const elements = elementsOf(tensor);
    const packs = isPacked(tensor, areLinears) ||
      (quantisesHead && tensor.role === "head");
    if (format !== "none" && packs && !leaves) {
      return {
        dtype: "uint8",
        trains: false,
        packed: {
          elements,
          compute,
          expands: EXPANDING.has(format),
          savesInput,
          through: packedFrom,
        },
        pieces: matricesOf(tensor).flatMap((shape) =>
          packedBytes(format, shape, quantization.group_size)
        ),
      };
    }
    const dtype = tensor.dtype ?? plainDtype(tensor, scenario, format);
    return {
      dtype,
      trains: train.method === "full" &&
        (train.trainable === "all" ||
          (train.trainable as readonly string[]).includes(tensor.piece)),
      packed: null,
      pieces: [elements * DTYPE_BYTES[dtype]],
    };
  };
}

/**
 * Source: bitsandbytes autograd/_functions.py, MatMul4Bit and MatMul8bitLt, which
 * kept their input up to release 0.42.
 */
function savesInputs(release: string | null): boolean {
  const version = versionOf(release);
  return version !== null && version.major === 0 && version.minor < 43;
}

/**
 * Whether bitsandbytes finds no layers to pack: transformers from 5.5 on replaces
 * layers of the very class torch.nn.Linear, and Falcon's are of a class of its own.
 *
 * Source: huggingface/transformers integrations/bitsandbytes.py,
 * replace_with_bnb_linear; models/falcon/modeling_falcon.py, FalconLinear
 */
export function leavesLinears(
  scenario: Scenario,
  { weights }: FamilyCode,
): boolean {
  return weights.ownLinears && isBitsandbytes(scenario) &&
    isFrom(scenario.software.transformers, [5, 5]);
}

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
  const storage = storageOf(scenario, codeOfType(model.architecture.type));
  return model.tensors
    .filter((tensor) => tensor.expert && storage(tensor).packed === null)
    .reduce((sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor), 0);
}

/** In transformers 4 routers and experts were linear layers as all others. */
function isPacked(tensor: Tensor, areLinears: boolean): boolean {
  if (tensor.quantized) return true;
  if (!areLinears) return false;
  return tensor.expert ||
    (tensor.role === "router" && tensor.shape.length === 2);
}

/** The matrices that a tensor of experts was in transformers 4. */
function matricesOf({ shape, expert, role }: Tensor): (readonly number[])[] {
  if (!expert || shape.length !== 3) return [shape];
  const [experts = 1, rows = 1, width = 1] = shape;
  const pair = role === "gate_up" ? 2 : 1;
  return Array.from({ length: experts * pair }, () => [rows / pair, width]);
}

/**
 * prepare_model_for_kbit_training casts what is not packed to fp32; TRL then
 * puts embeddings and head back to bf16 when it trains in bf16.
 *
 * Source: huggingface/peft src/peft/utils/other.py; huggingface/trl
 * trainer/utils.py, peft_module_casting_to_bf16
 */
function plainDtype(
  { role, module }: Tensor,
  { train, precision, quantization, software }: Scenario,
  format: string,
): Dtype {
  const upcasts = train.method !== "full" && quantization.kbit_upcast &&
    BITSANDBYTES.has(format);
  if (!upcasts) return precision.weights;
  const putBack = software.trl !== null && precision.autocast === "bf16" &&
    (role === "head" || module === "embedding");
  return putBack ? "bf16" : "fp32";
}
