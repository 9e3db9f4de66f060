import type { StepPlan } from "../../plan/step_plan.ts";
import { stepPlanOf } from "../../plan/step_plan.ts";
import { traitsOf } from "../../plan/traits.ts";
import { codeOfType } from "../../models/families/mod.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { StoredTensor } from "../../formats/stored_model.ts";
import type { Storage } from "../../plan/storage.ts";
import { storageOf } from "../../plan/storage.ts";
import { isBitsandbytes } from "../../software/bitsandbytes/formats.ts";
import { playedCode } from "../../software/mod.ts";
import type { ServingQuestion } from "../engine.ts";
import { keptBeside } from "./beside.ts";
import { localOf } from "./tensor_parallel.ts";
import { storageOfCheckpoint } from "./storage.ts";

type Attention = Scenario["train"]["attention"];

/** Mixers whose passes with a cache run otherwise than those of training. */
const UNSERVED: Readonly<Record<string, string>> = {
  delta: "a delta rule",
  convolution: "a short convolution",
};

/**
 * Plans a forward pass of a scenario that serves by what plans training steps:
 * nothing trains, one micro-batch is the batch, and its tokens are the prompt's.
 *
 * @returns The plan, or why its layers are not played.
 */
export function servedPlanOf(
  { scenario, model: whole, checkpoint }: ServingQuestion,
): StepPlan | { readonly reason: string } {
  const { model, tensors } = localOf(
    whole,
    checkpoint.tensors,
    scenario.parallel.tp,
    scenario.software.model_code === "transformers",
  );
  const forward = forwardOf(scenario, model);
  const own = { ...model, tensors: tensors.map(({ tensor }) => tensor) };
  const plan = stepPlanOf(forward, own, storageFor(scenario, own, tensors));
  if ("reason" in plan) return plan;
  const mixer = UNSERVED[plan.facts.stateSpaces?.kind ?? ""];
  if (mixer !== undefined) {
    return {
      reason:
        `generation of models of type ${model.architecture.type}, whose layers keep the states of ${mixer}, is not played through yet`,
    };
  }
  if (plan.encoders) {
    return {
      reason:
        `generation of models of type ${model.architecture.type}, which have an encoder, is not played through`,
    };
  }
  if (plan.facts.family.attention.handsHeads) {
    return {
      reason:
        `generation of models of type ${model.architecture.type}, whose layers hand keys and values on, is not played through`,
    };
  }
  const { inventory } = plan;
  const beside = [...inventory.beside, ...keptBeside(scenario, plan, tensors)];
  return { ...plan, inventory: { ...inventory, beside } };
}

/** How tensors lie: as a checkpoint has them, or as a program packs them itself. */
function storageFor(
  scenario: Scenario,
  model: Model,
  tensors: readonly StoredTensor[],
): Storage {
  const packsItself = scenario.software.model_code === "litgpt" &&
    isBitsandbytes(scenario);
  return packsItself
    ? storageOf(withoutTraining(scenario), {
      ...playedCode(scenario, model).packing,
      // Lightning replaces linear layers of any class, transformers' own alone.
      findsNone: false,
    })
    : storageOfCheckpoint(tensors, scenario.precision.weights);
}

const NOTHING_TRAINS = {
  method: "full",
  trainable: [],
} satisfies Partial<Scenario["train"]>;

function withoutTraining(scenario: Scenario): Scenario {
  const { train, precision } = scenario;
  return {
    ...scenario,
    train: { ...train, ...NOTHING_TRAINS },
    precision: { ...precision, autocast: null },
  };
}

/** A scenario as what plans a step reads it: of its forward pass alone. */
function forwardOf(scenario: Scenario, model: Model): Scenario {
  const { serve, train, quantization, software } = scenario;
  return {
    ...withoutTraining(scenario),
    // torchtune's caches hold few heads, which are repeated after: KVCache.update.
    software: software.model_code === "torchtune"
      ? { ...software, model_code: "transformers" }
      : software,
    train: {
      ...train,
      ...NOTHING_TRAINS,
      micro_batch: serve.batch,
      sequence_length: serve.input_tokens,
      padding_mask: serve.padding_mask ?? false,
      attention: attentionOf(scenario, model),
      checkpointing: "none",
      loss: "full",
      kernels: "eager",
      images_per_sample: 0,
    },
    quantization: { ...quantization, weights: "none" },
    parallel: { ...scenario.parallel, tp: 1, pp: 1, cp: 1, ep: 1, gpus: 1 },
  };
}

/**
 * The kernel of attention: sdpa unless told otherwise. Types whose scores pass a cap
 * or have sinks know eager attention alone.
 *
 * Source: huggingface/transformers models/gemma2/modeling_gemma2.py and
 * models/gpt_oss/modeling_gpt_oss.py, _supports_sdpa
 */
export function attentionOf(scenario: Scenario, model: Model): Attention {
  const { attention } = scenario.serve;
  if (attention !== null) return attention;
  const family = codeOfType(model.architecture.type);
  const { attentionSoftcap } = traitsOf(
    family,
    model.config ?? {},
    model.architecture.head_dim,
  );
  const hasSinks = model.tensors.some(({ name }) => name.endsWith(".sinks"));
  return attentionSoftcap || hasSinks ? "eager" : "sdpa";
}
