import type { Item } from "../../plan/inventory.ts";
import { elementsOf } from "../../models/tensors/tensor.ts";
import type { PartName } from "../../answer/parts.ts";
import type { LiveTensors } from "../../play/readers/live.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Model } from "../../models/model.ts";
import { isObject } from "../../scenario/fields.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { versionOf } from "../../scenario/version.ts";
import { weightFormat } from "../../scenario/weight_format.ts";
import { isBitsandbytes } from "../../software/bitsandbytes/formats.ts";
import { upcastsUnpacked } from "../../software/peft/upcast.ts";
import type { SingleExperts } from "../../software/transformers/single_experts.ts";
import { singleExperts } from "../../software/transformers/single_experts.ts";
import { isTrainer } from "../trainer.ts";
import type { Step } from "../step.ts";
import { ahead, highestCast, oneByOne } from "./ways.ts";
import type { ReadTensor } from "./ways.ts";
import type { Loading } from "./loading.ts";

const ONTO_GPU =
  "weights are taken to be read straight onto the GPU (device_map, as TRL and Axolotl have it on one GPU), as fast as threads can: read onto the host first, they take no more of the GPU than stands after";

/**
 * Loads a step's model as transformers 5 and PEFT do. Weights that bitsandbytes
 * packs are read one after the other, in the order of their names, onto the GPU of
 * each process; all others are read by threads ahead of what is merged of them.
 *
 * Source: huggingface/transformers 5.23.0 core_model_loading.py,
 * convert_and_load_state_dict_in_model, MergeModulelist, Concatenate;
 * quantizers/quantizer_bnb_4bit.py, update_device_map; huggingface/peft 0.21.2
 * utils/other.py, prepare_model_for_kbit_training
 *
 * @returns Null where it is not known, or no more than stands after.
 */
export function loadingOf(step: Step): Loading | null {
  const { scenario, plan: { inventory, model }, phases } = step;
  const isPacked = isBitsandbytes(scenario);
  const name = step.engine.name;
  const isKnown = name === "single" || (isPacked && name === "ddp");
  const isOld = versionOf(scenario.software.transformers)?.major === 4;
  if (!isTrainer(step) || !isKnown || isOld) return null;
  if (!isPacked && weightFormat(scenario) !== "none") return null;
  const published = publishedBy(model);
  if (published !== null && published !== "bitsandbytes") return null;
  const experts = singleExperts(model.architecture.type);
  const items = inventory.items.filter(({ isAdapter }) => !isAdapter)
    .map((item) => asRead(item, scenario, experts));
  // What is published packed is read as it is, as anything that nothing packs.
  const read = isPacked && published === null
    ? oneByOne(items, weightFormat(scenario), experts)
    : ahead(items);
  const cast = upcastsUnpacked(scenario) ? highestCast(items) : read;
  const { turn, bytes, before } = cast.bytes > read.bytes ? cast : read;
  if (turn === null || bytes <= phases.load) return null;
  const doing = `${turn.tensor.name.replace(".N.", ".*.")} is ${turn.doing}`;
  return {
    bytes,
    live: [
      standing("weights", "weights that have been read", before),
      standing("weight casts", `what stands while ${doing}`, bytes - before),
    ].sort((a, b) => b.bytes - a.bytes),
    doing,
    assumption: isPacked ? null : ONTO_GPU,
  };
}

/** Who packed a checkpoint as it is published; null: nobody. */
function publishedBy({ config }: Model): string | null {
  const quantization = config?.quantization_config;
  return isObject(quantization) ? `${quantization.quant_method}` : null;
}

function standing(
  part: PartName,
  label: string,
  bytes: number,
): LiveTensors {
  return { part, label, count: 1, bytes };
}

function asRead(
  { tensor, dtype, pieces }: Item,
  scenario: Scenario,
  experts: SingleExperts | null,
): ReadTensor {
  const elements = elementsOf(tensor);
  const isPacked = dtype === "uint8";
  const type = tensor.dtype ?? scenario.precision.weights;
  const read = roundedBytes(elements * DTYPE_BYTES[type]);
  return {
    tensor,
    isPacked,
    isMerged: experts !== null && tensor.expert && tensor.shape.length === 3,
    elements,
    read,
    stays: isPacked
      ? pieces.reduce((sum, bytes) => sum + roundedBytes(bytes), 0)
      : read,
  };
}
