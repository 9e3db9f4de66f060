import type { EncoderCode } from "../../models/families/code/encoder.ts";
import { codeOfType } from "../../models/families/mod.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { StackFacts } from "./encoder_layer_plan.ts";
import type { EncoderSource, StackPlan } from "./stack_plan.ts";
import { isVersion4, stackPlanOf } from "./stack_plan.ts";
import type { TaskHead } from "../../play/record/task_head.ts";
import { taskHeadOf } from "./task_head.ts";

/** How an encoder, or an encoder and its decoder, run. */
export interface EncoderPlan {
  readonly family: EncoderCode;
  readonly implementation: StackFacts["implementation"];
  readonly encoder: StackPlan;
  /** Null of a model that is an encoder alone. */
  readonly decoder: StackPlan | null;
  readonly head: TaskHead;
  /** Who makes the zeros that a decoder's attention to the encoder adds. */
  readonly zeros: EncoderCode["bias"];
}

/** Plans a model that reads with an encoder, or says why it cannot. */
export function encoderPlanOf(
  source: EncoderSource,
): EncoderPlan | { reason: string } {
  const { model, scenario } = source;
  const { type } = model.architecture;
  const family = codeOfType(type).encoder;
  const stacks = source.stacksIn(model.tensors);
  const decoding = stacks.find(({ path }) => /(^|\.)decoder\./.test(path));
  const reading = stacks.find((each) => each !== decoding);
  if (!family || !reading || stacks.length > 2) {
    return { reason: `models of type ${type} are not played through yet` };
  }
  const implementation = implementationOf(scenario, family);
  const encoder = stackPlanOf(source, family, reading, {
    isDecoder: false,
    implementation,
  });
  if ("reason" in encoder) return encoder;
  const decoder = decoding && stackPlanOf(source, family, decoding, {
    isDecoder: true,
    implementation,
    encoder,
  });
  if (decoder && "reason" in decoder) return decoder;
  const head = taskHeadOf(source, family, decoder ?? encoder);
  return {
    family,
    implementation,
    encoder,
    decoder: decoder ?? null,
    head,
    zeros: decoder ? family.bias : null,
  };
}

/**
 * T5's code hands no flash kernel its biases, and before release 5 none of
 * PyTorch's either; MPNet's writes its attention out.
 *
 * Source: huggingface/transformers models/t5/modeling_t5.py,
 * models/mpnet/modeling_mpnet.py
 */
function implementationOf(
  scenario: Scenario,
  { kernels }: EncoderCode,
): StackFacts["implementation"] {
  const { train } = scenario;
  if (kernels === "flash") return train.attention;
  if (kernels === "eager" || isVersion4(scenario)) return "eager";
  return train.attention === "flash" ? "sdpa" : train.attention;
}
