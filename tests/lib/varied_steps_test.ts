import { assert } from "@std/assert";
import varied from "../truth/varied_steps.json" with { type: "json" };
import { assertHeldSteps } from "./held_steps.ts";
import { variedSteps } from "./varied.ts";

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

Deno.test("models of recent families, cut to few layers, are reached at settings of every kind", () => {
  const steps = variedSteps(varied);
  assert(steps.length > 650);
  assertHeldSteps(steps, KNOWN);
});
