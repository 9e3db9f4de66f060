import type { StepPlan } from "../../plan/step_plan.ts";
import { stepPlanOf } from "../../plan/step_plan.ts";
import { traitsOf } from "../../plan/traits.ts";
import { codeOfType } from "../../models/families/mod.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { ServingQuestion } from "../engine.ts";
import { storageOfCheckpoint } from "./storage.ts";

type Attention = Scenario["train"]["attention"];

/**
 * Plans a forward pass of a scenario that serves by what plans training steps:
 * nothing trains, one micro-batch is the batch, and its tokens are the prompt's.
 *
 * @returns The plan, or why its layers are not played.
 */
export function servedPlanOf(
  { scenario, model, checkpoint }: ServingQuestion,
): StepPlan | { readonly reason: string } {
  const storage = storageOfCheckpoint(
    checkpoint.tensors,
    scenario.precision.weights,
  );
  const whole: Model = {
    ...model,
    tensors: checkpoint.tensors.map(({ tensor }) => tensor),
  };
  const plan = stepPlanOf(forwardOf(scenario, model), whole, storage);
  if ("reason" in plan) return plan;
  return plan.encoders
    ? {
      reason:
        `generation of models of type ${model.architecture.type}, which have an encoder, is not played through`,
    }
    : plan;
}

/** A scenario as what plans a step reads it: of its forward pass alone. */
function forwardOf(scenario: Scenario, model: Model): Scenario {
  const { serve, train, precision, quantization } = scenario;
  return {
    ...scenario,
    train: {
      ...train,
      method: "full",
      trainable: [],
      micro_batch: serve.batch,
      sequence_length: serve.input_tokens,
      padding_mask: serve.padding_mask ?? false,
      attention: attentionOf(scenario, model),
      checkpointing: "none",
      loss: "full",
      kernels: "eager",
      images_per_sample: 0,
    },
    precision: { ...precision, autocast: null },
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
