import { TapeFull } from "../../play/memory/tape.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import type { Served, ServingEngine, ServingQuestion } from "../engine.ts";
import { closedServing } from "./closed.ts";
import { servedPlanOf } from "./plan.ts";
import { playedServing } from "./served.ts";
import { unknownLayout } from "./storage.ts";

/** transformers' own generate(). */
export const transformersEngine: ServingEngine = {
  name: "transformers",
  reads: [
    "serve.batch",
    "serve.input_tokens",
    "serve.output_tokens",
    "serve.kv_cache",
    "serve.cache_tokens",
    "serve.attention",
    "serve.padding_mask",
    "serve.logits_all",
    "software.model_code",
    "software.transformers",
    "software.torch",
  ],
  refuses({ scenario, checkpoint }) {
    const { tp, pp, cp, ep } = scenario.parallel;
    if (tp * pp * cp * ep > 1) {
      return "transformers is played with its layers dealt out over the GPUs (parallel.gpus alone), not with parallel.tp, pp, cp or ep";
    }
    const layout = unknownLayout(checkpoint.tensors);
    return layout === null
      ? null
      : `transformers loads no checkpoints of ${layout}`;
  },
  serve,
};

function serve(question: ServingQuestion): Result<Served> {
  const problems = problemsOf(question);
  if (problems.length > 0) return { ok: false, problems };
  const plan = servedPlanOf(question);
  if ("reason" in plan) {
    return { ok: true, value: closedServing(question, plan.reason) };
  }
  try {
    return { ok: true, value: playedServing(question, plan) };
  } catch (error) {
    if (error instanceof TapeFull) {
      return { ok: true, value: closedServing(question, error.message) };
    }
    throw error;
  }
}

function problemsOf(
  { scenario: { serve: asked } }: ServingQuestion,
): Problem[] {
  const { cache_tokens: room, input_tokens, output_tokens } = asked;
  const least = input_tokens + Math.max(0, output_tokens - 1);
  if (room === null || !asked.kv_cache || room >= least) return [];
  return [{
    path: "serve.cache_tokens",
    message:
      `serve.cache_tokens must be at least the ${least} tokens of a sequence: current value is ${room}`,
  }];
}
