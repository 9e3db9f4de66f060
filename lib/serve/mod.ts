import { storedModelOf } from "../formats/mod.ts";
import type { Model } from "../models/model.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { cachesOf } from "./caches.ts";
import { cardsOf } from "./cards.ts";
import { llamaCpp } from "./llama_cpp/mod.ts";
import { transformersEngine } from "./transformers/engine.ts";
import type { Served, ServingEngine, ServingQuestion } from "./engine.ts";
import { sglang } from "./sglang/mod.ts";
import { tensorrtLlm } from "./tensorrt_llm/mod.ts";
import { tgi } from "./tgi/mod.ts";
import { vllm } from "./vllm/mod.ts";

/** Engines by their names in a Scenario. */
const ENGINES: Partial<Record<Scenario["serve"]["engine"], ServingEngine>> = {
  transformers: transformersEngine,
  sglang,
  "tensorrt-llm": tensorrtLlm,
  tgi,
  vllm,
  "llama.cpp": llamaCpp,
};

/** What an engine makes of a scenario, and what it was asked. */
export interface ServedScenario {
  readonly engine: ServingEngine;
  readonly question: ServingQuestion;
  readonly served: Served;
}

/**
 * Serves a scenario's model with its engine.
 *
 * @returns What the engine makes of it; the problems of its settings; or the
 *   reason why it is not played.
 */
export function serve(
  { scenario, model, mesh }: {
    readonly scenario: Scenario;
    readonly model: Model;
    readonly mesh: Mesh;
  },
): Result<ServedScenario> | { readonly reason: string } {
  const engine = ENGINES[scenario.serve.engine];
  if (!engine) {
    return {
      reason: `serve.engine ${scenario.serve.engine} is not played yet`,
    };
  }
  const checkpoint = storedModelOf(scenario, model);
  if (!checkpoint.ok) return checkpoint;
  const cards = cardsOf(scenario);
  if (!cards.ok) return cards;
  const question: ServingQuestion = {
    scenario,
    model,
    mesh,
    checkpoint: checkpoint.value,
    caches: cachesOf(model),
    gpus: cards.value,
  };
  const reason = engine.refuses(question);
  if (reason !== null) return { reason };
  const served = engine.serve(question);
  return served.ok
    ? { ok: true, value: { engine, question, served: served.value } }
    : served;
}
