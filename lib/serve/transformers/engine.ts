import { TapeFull } from "../../play/memory/tape.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import type { Served, ServingEngine, ServingQuestion } from "../engine.ts";
import { closedServing } from "./closed.ts";
import { servedPlanOf } from "./plan.ts";
import { playedServing } from "./served.ts";

/** transformers' own generate(). */
export const transformersEngine: ServingEngine = {
  name: "transformers",
  reads: [
    "serve.batch",
    "serve.input_tokens",
    "serve.output_tokens",
    "serve.kv_cache",
    "serve.kv_dtype",
    "serve.cache_tokens",
    "serve.attention",
    "serve.padding_mask",
    "serve.logits_all",
    "parallel.tp",
    "parallel.pp",
    "software.model_code",
    "software.transformers",
    "software.torch",
  ],
  refuses({ scenario }) {
    const { gpus, tp, pp, cp, ep } = scenario.parallel;
    if (cp * ep > 1) {
      return "generation over parallel.cp or parallel.ep is not played";
    }
    if (tp > 1 && pp > 1) {
      return "generation over parallel.tp and parallel.pp at once is not played";
    }
    if (Math.max(tp, pp) > 1 && Math.max(tp, pp) !== gpus) {
      return `generation is played over all GPUs or one: parallel.gpus is ${gpus}, parallel.${
        tp > 1 ? `tp ${tp}` : `pp ${pp}`
      }`;
    }
    return null;
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

function problemsOf({ scenario, caches }: ServingQuestion): Problem[] {
  const { serve: asked, parallel: { tp } } = scenario;
  const { cache_tokens: room, input_tokens, output_tokens } = asked;
  const least = input_tokens + Math.max(0, output_tokens - 1);
  const heads = caches.groups.flatMap(({ keeps }) =>
    keeps.flatMap((part) => "heads" in part ? [part.heads] : [])
  );
  const uneven = heads.find((count) => count % tp !== 0);
  return [
    ...(room !== null && asked.kv_cache && room < least
      ? [{
        path: "serve.cache_tokens",
        message:
          `serve.cache_tokens must be at least the ${least} tokens of a sequence: current value is ${room}`,
      }]
      : []),
    ...(uneven === undefined ? [] : [{
      path: "parallel.tp",
      message:
        `parallel.tp must divide the model's ${uneven} heads of keys and values: current value is ${tp}`,
    }]),
  ];
}
