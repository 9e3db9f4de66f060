import { copiesOf } from "../models/tensors/tensor.ts";
import { statesOf } from "../optimizers/rules.ts";
import { weightFormat } from "../scenario/weight_format.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { HostPart } from "./engine.ts";
import type { Step } from "./step.ts";
import { isTrainer } from "./trainer.ts";

/** What a node's memory holds while a checkpoint is read or written. */
export interface HostMoment {
  readonly name: "loading" | "saving";
  /** Ranks of a node that each hold it. */
  readonly ranks: number;
  readonly parts: readonly HostPart[];
}

/**
 * from_pretrained makes the model on the host of every rank, and the engine takes
 * it from there; under ZeRO 3 the first rank alone reads values. bitsandbytes packs
 * each weight as it is read.
 *
 * Sources: huggingface/transformers modeling_utils.py, _load_pretrained_model;
 * training_args.py, cpu_ram_efficient_loading is false
 */
export function loadedOnHost(step: Step): HostMoment | null {
  const { scenario, plan: { model } } = step;
  const { parallel, engine, precision } = scenario;
  const isQuantised = weightFormat(scenario) !== "none";
  if (parallel.gpus === 1 || isQuantised || !isTrainer(step)) return null;
  const isFirst = engine.zero_stage === 3 && step.engine.name === "deepspeed";
  const isFsdp = step.engine.name === "fsdp" || step.engine.name === "fsdp2";
  return {
    name: "loading",
    ranks: isFirst ? 1 : Math.min(parallel.gpus, parallel.gpus_per_node),
    parts: [{
      name: "weights",
      label: isFirst
        ? "the checkpoint, which the first rank reads"
        : isFsdp
        ? "the model, which every rank loads unless cpu_ram_efficient_loading is on"
        : "the model, which every rank loads",
      bytes: model.parameters * DTYPE_BYTES[precision.weights],
      pinned: false,
    }],
  };
}

/**
 * FSDP gathers a whole state dict on the first rank's host, of the model and then of
 * the optimizer: FULL_STATE_DICT, FSDP 1's default in accelerate and both's in HF's
 * Trainer. DeepSpeed has each rank write its own part unless it is asked to gather.
 *
 * Sources: accelerate utils/dataclasses.py, set_state_dict_type; utils/fsdp_utils.py,
 * save_fsdp_model, save_fsdp_optimizer; transformers training_args.py,
 * state_dict_type; deepspeed/runtime/zero/config.py, gather_16bit_weights_on_model_save
 */
export function savedFromHost(step: Step): HostMoment | null {
  const { scenario, plan } = step;
  const { engine, parallel } = scenario;
  const gathers = step.engine.name === "fsdp" ||
    (step.engine.name === "fsdp2" && engine.driver === "transformers");
  if (parallel.gpus === 1 || !gathers || !isTrainer(step)) return null;
  const { items, trained } = plan.inventory;
  const upcasts = scenario.precision.autocast !== null;
  const weights = items.reduce((sum, { tensor, trains, pieces, dtype }) => {
    const widens = upcasts && trains ? 4 / DTYPE_BYTES[dtype] : 1;
    const own = pieces.reduce((all, each) => all + each, 0);
    return sum + copiesOf(tensor) * widens * own;
  }, 0);
  const states = trained.reduce((sum, each) => {
    const own = upcasts ? { ...each, dtype: "fp32" as const } : each;
    const all = statesOf(step.rule, step.implementation, own);
    return sum + each.copies * all.reduce((total, bytes) => total + bytes, 0);
  }, 0);
  const dict = weights >= states
    ? { name: "weights", label: "the state dict of the model" } as const
    : {
      name: "optimizer states",
      label: "the state dict of the optimizer",
    } as const;
  return {
    name: "saving",
    ranks: 1,
    parts: [{ ...dict, bytes: Math.max(weights, states), pinned: false }],
  };
}
