import { assert } from "@std/assert";
import { tryEstimate } from "../../../lib/mod.ts";
import type { Estimate, Serving } from "../../../lib/mod.ts";
import { assertOk } from "../results.ts";

/** What a scenario that serves is answered with. */
export function estimateServed(scenario: object): Estimate {
  const result = tryEstimate({ task: "serve", ...scenario });
  assertOk(result);
  return result.value;
}

/** What its engine makes of it. */
export function served(scenario: object): Serving {
  const { serve } = estimateServed(scenario);
  assert(serve !== undefined);
  return serve;
}

/** Llama-3.1-8B, or what else is said, on a GPU with vLLM. */
export function onVllm(
  gpu: string,
  serve: object = {},
  rest: object = {},
): object {
  return {
    model: "meta-llama/Llama-3.1-8B",
    ...rest,
    serve: { engine: "vllm", ...serve },
    hardware: { gpu },
  };
}
