import { assert } from "@std/assert";
import varied from "../truth/varied_steps.json" with { type: "json" };
import { assertHeldSteps } from "./held_steps.ts";
import { variedSteps } from "./varied.ts";

/**
 * LLaVA-NeXT's and Llama 3.2's outputs of towers that are checkpoints or frozen are
 * let go of before the loss, when their model's body returns, in some settings and
 * not in others. Why SmolVLM's eager tower is off is not known.
 */
const KNOWN = {
  "HuggingFaceTB/SmolVLM2-500M-Video-Instruct img full eager ckpt 1x1 560x560: forward":
    0.011,
  "HuggingFaceTB/SmolVLM2-500M-Video-Instruct img full eager ckpt 1x1 560x560: backward":
    0.014,
  "llava-hf/llava-v1.6-vicuna-7b-hf img qlora all ac ckpt 1x4 640x480: forward":
    0.024,
  "meta-llama/Llama-3.2-11B-Vision img qlora lang no upcast 1x1 1080x1920: forward":
    0.015,
  "microsoft/deberta-v3-xsmall full ckpt 2x1000 masked: backward_start": 0.011,
  "tencent/Hunyuan-A13B-Instruct lora all ckpt ac 4x640: forward": 0.015,
};

Deno.test("models of recent families, cut to few layers, are reached at settings of every kind", () => {
  const steps = variedSteps(varied);
  assert(steps.length > 450);
  assertHeldSteps(steps, KNOWN);
});
