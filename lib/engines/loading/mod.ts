import type { Item } from "../../plan/inventory.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";
import type { PartName } from "../../answer/parts.ts";
import type { LiveTensors } from "../../play/readers/live.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { versionOf } from "../../scenario/version.ts";
import { weightFormat } from "../../scenario/weight_format.ts";
import { isBitsandbytes } from "../../software/bitsandbytes/formats.ts";
import { whilePacked } from "../../software/bitsandbytes/packing.ts";
import { upcastsUnpacked } from "../../software/peft/upcast.ts";
import type { SingleExperts } from "../../software/transformers/single_experts.ts";
import { singleExperts } from "../../software/transformers/single_experts.ts";
import { isTrainer } from "../trainer.ts";
import type { Step } from "../step.ts";
import type { Highest, Turn } from "./turns.ts";
import { highestOf } from "./turns.ts";

/** The most that stands on a GPU while its model is loaded. */
export interface Loading {
  readonly bytes: number;
  /** What stands then, largest first; sums to the bytes. */
  readonly live: readonly LiveTensors[];
  /** What is done then, in words. */
  readonly doing: string;
  /** What that takes for granted; null where nothing. */
  readonly assumption: string | null;
}

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
  const experts = singleExperts(model.architecture.type);
  const items = inventory.items.filter(({ isAdapter }) => !isAdapter)
    .map((item) => asRead(item, scenario, experts));
  const read = isPacked ? oneByOne(items, scenario, experts) : ahead(items);
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

function standing(
  part: PartName,
  label: string,
  bytes: number,
): LiveTensors {
  return { part, label, count: 1, bytes };
}

/** A parameter as it is read. */
interface Read {
  readonly tensor: Tensor;
  readonly isPacked: boolean;
  /** Whether it is made of single experts. */
  readonly isMerged: boolean;
  readonly elements: number;
  /** Bytes in the type that it is read in. */
  readonly read: number;
  /** Bytes once it is packed, or as it was read. */
  readonly stays: number;
}

function asRead(
  { tensor, dtype, pieces }: Item,
  scenario: Scenario,
  experts: SingleExperts | null,
): Read {
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

/**
 * Single experts stand beside what they are stacked to, and both stacks of a pair
 * beside the one that they become: twice what comes of it.
 */
function oneByOne(
  items: readonly Read[],
  scenario: Scenario,
  experts: SingleExperts | null,
): Highest {
  const format = weightFormat(scenario);
  const turns = items.map((each): Turn => {
    const { tensor, isPacked, isMerged, elements, read, stays } = each;
    const merging = isMerged ? 2 * read : 0;
    const packing = isPacked ? whilePacked(format, elements, read, stays) : 0;
    return {
      tensor,
      adds: stays,
      reaches: Math.max(merging, packing, stays),
      doing: merging > packing ? MERGED : "packed",
    };
  });
  return highestOf(inOrderOfNames(turns, experts), 0);
}

const MERGED = "made of single experts";

/** All has been read when the last experts are merged: as much stands as after. */
function ahead(items: readonly Read[]): Highest {
  const whole = items.reduce(
    (sum, { tensor, stays }) => sum + copiesOf(tensor) * stays,
    0,
  );
  const turns = items.filter(({ isMerged }) => isMerged).map((
    { tensor, read },
  ): Turn => ({ tensor, adds: 0, reaches: read, doing: MERGED }));
  return highestOf(turns, whole);
}

/** Parameter by parameter, what is not packed is cast, and then let go of. */
function highestCast(items: readonly Read[]): Highest {
  const whole = items.reduce(
    (sum, { tensor, stays }) => sum + copiesOf(tensor) * stays,
    0,
  );
  const turns = items.filter(({ isPacked }) => !isPacked).map((
    { tensor, elements, read },
  ): Turn => {
    const wide = roundedBytes(elements * DTYPE_BYTES.fp32);
    return {
      tensor,
      adds: wide - read,
      reaches: wide > read ? wide : 0,
      doing: "cast to fp32",
    };
  });
  return highestOf(turns, whole);
}

/** A checkpoint's tensors are read in the order of their names, part by part. */
function inOrderOfNames(
  turns: readonly Turn[],
  experts: SingleExperts | null,
): Turn[] {
  const named = turns.map((turn) => ({
    turn,
    parts: publishedName(turn.tensor.name, experts).split("."),
  }));
  return named.sort((a, b) => compared(a.parts, b.parts))
    .map(({ turn }) => turn);
}

function publishedName(name: string, experts: SingleExperts | null): string {
  return experts?.numbered
    ? name.replace("experts.gate_up_proj", "experts.w1")
      .replace("experts.down_proj", "experts.w2")
    : name;
}

function compared(a: readonly string[], b: readonly string[]): number {
  for (const [at, part] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (part !== other) return part < other ? -1 : 1;
  }
  return a.length - b.length;
}
