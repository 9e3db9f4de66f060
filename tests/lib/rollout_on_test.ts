import { assert, assertAlmostEquals } from "@std/assert";
import { estimate } from "../../lib/ask/estimate.ts";
import type { Estimate } from "../../lib/answer/estimate.ts";

function onGpu(gpu: string, sleep: boolean): Estimate {
  return estimate({
    model: "Qwen/Qwen3-4B",
    train: {
      method: "lora",
      objective: "grpo",
      micro_batch: 8,
      prompt_tokens: 512,
      completion_tokens: 1_024,
      generations: 8,
      rollout: { engine: "vllm", sleep },
    },
    hardware: { gpu },
  });
}

for (const sleep of [false, true]) {
  Deno.test(`GPUs that hold a GRPO step give vLLM a share of their own, asleep: ${sleep}`, () => {
    const { fit } = onGpu("A100-80GB", sleep);
    for (const gpu of ["H100-94GB", "H200", "B200"]) {
      const told = fit.find((each) => each.gpu === gpu);
      const [own] = onGpu(gpu, sleep).fit;
      assert(told && own, gpu);
      assert(told.fits === own.fits, gpu);
      // Blocks are rounded to pages; the context of each GPU is its own.
      assertAlmostEquals(told.utilization, own.utilization, 0.01, gpu);
    }
  });
}
