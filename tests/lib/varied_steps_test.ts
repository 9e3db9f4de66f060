import { assert } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import varied from "../truth/varied_steps.json" with { type: "json" };
import type { HeldStep } from "./held_steps.ts";
import { assertHeldSteps } from "./held_steps.ts";

interface VariedStep {
  readonly name: string;
  readonly config: string;
  readonly scenario: Readonly<Record<string, unknown>>;
  readonly bytes: Readonly<Record<string, number>>;
}

/**
 * Llama 3.2's outputs of a frozen tower are let go of before the loss in some settings
 * and not in others. Why SmolVLM's eager tower is off is not known.
 */
const KNOWN = {
  "HuggingFaceTB/SmolVLM2-500M-Video-Instruct img full eager ckpt 1x1 560x560: forward":
    0.011,
  "HuggingFaceTB/SmolVLM2-500M-Video-Instruct img full eager ckpt 1x1 560x560: backward":
    0.014,
  "meta-llama/Llama-3.2-11B-Vision img qlora lang no upcast 1x1 1080x1920: forward":
    0.015,
  "microsoft/deberta-v3-xsmall full ckpt 2x1000 masked: backward_start": 0.011,
  "tencent/Hunyuan-A13B-Instruct lora all ckpt ac 4x640: forward": 0.015,
};

const CONFIGS = varied.configs as Readonly<Record<string, unknown>>;

/** A step as a scenario of its model's config. */
function heldOf({ name, config, scenario, bytes }: VariedStep): HeldStep {
  const input = {
    ...varied.common,
    ...scenario,
    task: "train",
    model: { config: CONFIGS[config] },
  } as unknown as ScenarioInput;
  return { name, scenario: input, bytes };
}

Deno.test("models of recent families, cut to few layers, are reached at settings of every kind", () => {
  const steps = (varied.steps as unknown as VariedStep[]).map(heldOf);
  assert(steps.length > 650);
  assertHeldSteps(steps, KNOWN);
});
