import { loadedGguf } from "../../formats/gguf/mod.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { cachesOf } from "../caches.ts";
import type { ServingQuestion } from "../engine.ts";
import type { LoadedModel } from "./deployment.ts";
import { loadedModel } from "./deployment.ts";
import type { LlamaSettings } from "./settings.ts";

/** Tokens that a draft proposes at most: common_params_speculative_draft, n_max. */
const DRAFTED = 3;

/**
 * The model that drafts for a scenario's, in a file of the same type.
 *
 * @returns It, null without one, or what is wrong with it.
 */
export function draftOf(
  question: ServingQuestion,
): Result<LoadedModel | null> {
  const { draft_model } = question.scenario.serve;
  if (draft_model === null) return { ok: true, value: null };
  const model = resolveModel(draft_model);
  if (!model.ok) {
    return {
      ok: false,
      problems: model.problems.map(({ path, message }) => ({
        path: path.replace(/^model/, "serve.draft_model"),
        message: message.replace(/^model/, "serve.draft_model"),
      })),
    };
  }
  const gguf = loadedGguf(question.scenario, model.value);
  if (!gguf.ok) return gguf;
  return {
    ok: true,
    value: loadedModel({
      ...question,
      model: model.value,
      caches: cachesOf(model.value),
    }, gguf.value),
  };
}

/**
 * Rows of logits that a server reserves for: one a slot, and those of drafted
 * tokens.
 *
 * Source: ggml-org/llama.cpp v0.5.0 common/speculative.cpp,
 * common_speculative_n_max, common_speculative_get_devices
 */
export function withDraft(settings: LlamaSettings): LlamaSettings {
  return {
    ...settings,
    n_outputs_max: Math.max(
      settings.n_outputs_max,
      Math.min(settings.n_batch, settings.n_seq_max * (1 + DRAFTED)),
    ),
  };
}

/** How a draft is loaded beside its model: all of it on GPUs, its cache in f16. */
export function draftSettings(settings: LlamaSettings): LlamaSettings {
  const half = { name: "f16", unit: 2, isQuantised: false };
  return {
    ...settings,
    key: half,
    value: half,
    n_gpu_layers: Infinity,
    n_cpu_moe: 0,
    tensor_split: null,
    n_outputs_max: settings.n_seq_max,
  };
}
