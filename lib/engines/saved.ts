import type { Item } from "../plan/inventory.ts";
import type { StepPlan } from "../plan/step_plan.ts";
import { copiesOf, elementsOf } from "../models/tensors/tensor.ts";
import type { Act, Program } from "../play/program/act.ts";
import type { Buffer } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Scenario } from "../scenario/schema.ts";
import { weightFormat } from "../scenario/weight_format.ts";
import { fsdpPolicy } from "./fsdp/policy.ts";
import { unitsOf } from "./units.ts";

const NOW = { phase: "saving", at: "saving" } as const;

/** What saving takes of a GPU at once. */
interface Saved {
  readonly label: string;
  readonly bytes: number;
}

/**
 * A program whose steps a checkpoint follows, as `train.saving` has it written.
 *
 * @param engine The engine's name.
 * @param scenario As it was asked.
 */
export function withSaving(
  program: Program,
  engine: string,
  scenario: Scenario,
  plan: StepPlan,
): Program {
  const taken = [
    ...gatheredBy(engine, scenario, plan),
    ...mergedBy(scenario, plan),
  ].filter(({ bytes }) => bytes > 0);
  if (taken.length === 0) return program;
  const buffers = taken.map(bufferFor);
  const acts = (["take", "free"] as const).flatMap((act) =>
    buffers.map((buffer): Act => ({ act, ...NOW, buffer }))
  );
  return {
    ...program,
    first: [...program.first, ...acts],
    step: [...program.step, ...acts],
    events: program.events + acts.length,
  };
}

/**
 * What a state dict that is gathered takes: FSDP 1 gathers a unit at a time in its
 * shards' type, FSDP 2 and ZeRO 3 a parameter. All of them stand where nobody takes
 * them to the host.
 *
 * Sources: pytorch torch/distributed/fsdp/_state_dict_utils.py,
 * _common_unshard_pre_state_dict_hook, _full_post_state_dict_hook;
 * torch/distributed/_state_dict_utils.py, _gather_state_dict;
 * deepspeed/runtime/engine.py, _zero3_consolidated_16bit_state_dict
 */
function gatheredBy(
  engine: string,
  scenario: Scenario,
  { inventory, model }: StepPlan,
): Saved[] {
  const { gathers } = scenario.train.saving;
  const isFsdp = engine === "fsdp" || engine === "fsdp2";
  const isZero = engine === "deepspeed" && scenario.engine.zero_stage === 3;
  if (gathers === null || (!isFsdp && !isZero)) return [];
  const { gpus } = scenario.parallel;
  const stored = isFsdp
    ? fsdpPolicy(scenario, { dp: 0 }, gpus, model.architecture).storedDtype
    : ({ dtype }: Item) => dtype;
  const bytesOf = (item: Item) =>
    item.dtype === "uint8"
      ? item.pieces.reduce((sum, each) => sum + each, 0)
      : elementsOf(item.tensor) * DTYPE_BYTES[stored(item)];
  const { items } = inventory;
  const unit = engine === "fsdp"
    ? Math.max(
      ...unitsOf(inventory, "layers+root").map(({ kind }) =>
        kind.items.reduce((sum, item) => sum + bytesOf(item), 0)
      ),
    )
    : items.reduce((most, item) => Math.max(most, bytesOf(item)), 0);
  const all = items.reduce(
    (sum, item) => sum + copiesOf(item.tensor) * bytesOf(item),
    0,
  );
  return [
    { label: "a unit of the state dict, gathered", bytes: unit },
    ...(gathers === "device"
      ? [{ label: "the whole state dict", bytes: all }]
      : []),
  ];
}

/**
 * What the largest layer takes whose adapter is merged into it: the product of its
 * matrices and what is scaled of it; packed weights unpacked, the sum, and the sum
 * that is packed again. Parameters have to be whole.
 *
 * Source: huggingface/peft 0.21.2 tuners/lora/layer.py, merge and get_delta_weight;
 * tuners/lora/bnb.py, merge
 */
function mergedBy(scenario: Scenario, { inventory }: StepPlan): Saved[] {
  if (!scenario.train.saving.merged) return [];
  const adapters = new Map(
    inventory.items.filter(({ isAdapter }) => isAdapter).map((item) =>
      [item.tensor.name, item] as const
    ),
  );
  const isPacked = weightFormat(scenario) !== "none";
  let most = 0;
  for (const [name, { tensor, dtype }] of adapters) {
    const first = adapters.get(name.replace("lora_B", "lora_A"));
    if (!name.includes("lora_B") || !first) continue;
    const elements = elementsOf(tensor) / Math.min(...tensor.shape) *
      (elementsOf(first.tensor) / Math.min(...first.tensor.shape));
    const own = DTYPE_BYTES[dtype];
    const unpacked = DTYPE_BYTES.bf16;
    const sum = Math.max(own, unpacked);
    most = Math.max(
      most,
      elements * (isPacked ? unpacked + own + 2 * sum : 2 * own),
    );
  }
  return [{ label: "a layer whose adapter is merged", bytes: most }];
}

function bufferFor({ label, bytes }: Saved): Buffer {
  const group = {
    part: "gathered parameters",
    label,
    count: 1,
    elements: null,
  } as const;
  return bufferOf(label, [{ group, bytes: roundedBytes(bytes) }]);
}
