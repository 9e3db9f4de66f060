import { loadedGguf } from "../../formats/gguf/mod.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Served, ServingEngine, ServingQuestion } from "../engine.ts";
import { answerOf } from "./answer.ts";
import { loadedModel } from "./deployment.ts";
import { draftOf } from "./draft.ts";
import { settingsOf } from "./settings.ts";

/**
 * llama.cpp, as llama-server runs it; ollama, LM Studio and llamafile are the same
 * engine with other defaults.
 */
export const llamaCpp: ServingEngine = {
  name: "llama.cpp",
  reads: [
    "serve.batch",
    "serve.input_tokens",
    "serve.output_tokens",
    "serve.kv_dtype",
    "serve.cache_tokens",
    "serve.logits_all",
    "serve.draft_model",
    "serve.batch_tokens",
    "serve.ubatch_tokens",
    "serve.slots",
    "serve.max_sequences",
    "serve.max_model_len",
    "serve.kv_unified",
    "serve.flash_attention",
    "serve.swa_full",
    "serve.gpu_layers",
    "serve.cpu_moe_layers",
    "serve.tensor_split",
    "serve.kv_offload",
    "serve.op_offload",
  ],

  refuses({ model, caches }: ServingQuestion): string | null {
    if (caches.groups.length === 0) {
      return `models of type ${model.architecture.type}, which keep nothing between tokens`;
    }
    const crosses = caches.groups.some(({ keeps }) =>
      keeps.some(({ kind }) => kind === "cross")
    );
    return crosses
      ? `models of type ${model.architecture.type}, whose decoder reads an encoder`
      : null;
  },

  serve(question: ServingQuestion): Result<Served> {
    const gguf = loadedGguf(question.scenario, question.model);
    if (!gguf.ok) return gguf;
    const settings = settingsOf(question.scenario);
    if (!settings.ok) return settings;
    const draft = draftOf(question);
    if (!draft.ok) return draft;
    return {
      ok: true,
      value: answerOf(
        loadedModel(question, gguf.value),
        settings.value,
        draft.value,
      ),
    };
  },
};
