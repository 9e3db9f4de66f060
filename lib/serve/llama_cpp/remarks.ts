import { groupDigits } from "../../units/mod.ts";
import type { Deployment, LoadedModel } from "./deployment.ts";
import { fitted } from "./fitting.ts";
import type { ServingMachine } from "./machine.ts";
import { sequenceTokens } from "./settings.ts";

/** What was taken for granted. */
export function llamaAssumptions(
  { question: { scenario, model }, gguf }: LoadedModel,
  own: Deployment,
  machine: ServingMachine,
): string[] {
  const { serve } = scenario;
  const fit = fitted(own, machine, {
    context: (serve.cache_tokens ?? serve.max_model_len) !== null,
    layers: serve.gpu_layers !== null,
  });
  const tower = model.tensors.some(({ piece }) =>
    piece === "vision_tower" || piece === "audio_tower"
  );
  return [
    `llama.cpp 0.5's llama-server loads GGUF ${gguf.type}${
      serve.logits_all ? ", and makes logits of every position" : ""
    }`,
    ...((serve.cache_tokens ?? serve.max_model_len) === null
      ? [
        `The context (n_ctx) is taken to hold the scenario's sequences, ${
          groupDigits(own.settings.n_ctx)
        } tokens: llama-server's own default is the model's whole context`,
      ]
      : []),
    ...(serve.draft_model === null ? [] : [
      "The draft is in a file of the same type, all of it on GPUs, with as long a cache in f16",
    ]),
    ...(tower
      ? ["Images need a file more (--mmproj), which is not loaded here"]
      : []),
    ...gguf.notes,
    ...(fit === null ? [] : [fit]),
  ];
}

/** What the reader has to know. */
export function llamaWarnings(
  { type, question: { scenario, model } }: LoadedModel,
  { isKnown, settings, isFlash }: Deployment,
): string[] {
  const trained = model.architecture.max_position_embeddings;
  const { batch } = scenario.serve;
  const length = sequenceTokens(scenario);
  const shared = settings.kv_unified ? settings.n_ctx : settings.n_ctx_seq;
  const held = settings.kv_unified
    ? Math.floor(settings.n_ctx / length)
    : settings.n_ctx_seq >= length
    ? settings.n_seq_max
    : 0;
  const fitting = Math.min(held, settings.n_seq_max);
  return [
    ...(isKnown ? [] : [
      `The compute buffer is that of a graph like Llama's: what llama.cpp's does for type ${
        type || "custom"
      } is not known here`,
    ]),
    ...(trained !== null && settings.n_ctx_seq > trained && length > trained
      ? [
        `n_ctx_seq (${settings.n_ctx_seq}) > n_ctx_train (${trained}): the model was not trained for so long a context`,
      ]
      : []),
    ...(scenario.serve.flash_attention === null && !isFlash
      ? [
        "Flash attention is off: llama.cpp has no CUDA kernel for this model's heads",
      ]
      : []),
    ...(fitting < batch
      ? [
        `${groupDigits(batch - fitting)} of ${
          groupDigits(batch)
        } sequences of ${groupDigits(length)} tokens wait: the cache of ${
          groupDigits(shared)
        } tokens and ${settings.n_seq_max} slots hold ${groupDigits(fitting)}`,
      ]
      : []),
  ];
}
