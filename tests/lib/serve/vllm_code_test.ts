import { assert, assertEquals } from "@std/assert";
import code from "../../truth/serving/vllm_code.json" with { type: "json" };
import { served } from "./on_vllm.ts";

/** Elements that are stored wider than vLLM has them, such as routers' biases. */
const TOLERANCE = 0.002;

for (const { id, scenario, expect } of code.cases) {
  Deno.test(`${id}: what vLLM makes of its model is counted`, () => {
    const { weights_bytes, kv_tokens, settings } = served(scenario);
    const error = Math.abs(weights_bytes / expect.weights_bytes - 1);
    assert(error <= TOLERANCE, `weights are off by ${error}`);
    assertEquals(
      [kv_tokens, settings["num_gpu_blocks"], settings["block_size"]],
      [expect.kv_tokens, expect.num_gpu_blocks, expect.block_size],
    );
  });
}
