import type { Part } from "../../answer/estimate.ts";
import { copiesOf, elementsOf } from "../../models/tensors/tensor.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { isFrom } from "../../scenario/version.ts";
import { contextOf } from "../context.ts";
import type { Served, ServingGpu, ServingQuestion } from "../engine.ts";
import type { ClosedSequence } from "./closed_form.ts";
import { closedBytes } from "./closed_form.ts";
import { keptBytes } from "./figures.ts";
import { cachedBytes } from "./cached.ts";
import { cacheChoiceOf, numberBytes } from "./cache_choice.ts";
import { attentionOf } from "./plan.ts";
import { fillableOf, fitOn } from "./room.ts";
import { storageOfCheckpoint } from "./storage.ts";

/**
 * Serves a scenario whose model's code is not played, by closed forms.
 *
 * @param reason Why it is not played.
 */
export function closedServing(
  question: ServingQuestion,
  reason: string,
): Served {
  const { scenario, model, checkpoint, caches, gpus } = question;
  const { serve: asked, software, precision } = scenario;
  const { batch, input_tokens: prompt, output_tokens: generated } = asked;
  const gpu = gpus[0] as ServingGpu;
  const number = scenario.parallel.gpus;
  const kept = cacheChoiceOf(scenario, model.architecture.head_dim);
  const sequenceOf = (tokens: number, more: number): ClosedSequence => ({
    prompt: tokens,
    generated: more,
    dtype: precision.weights,
    isEager: attentionOf(scenario, model) === "eager",
    allLogits: asked.logits_all === true ||
      !isFrom(software.transformers, [4, 45]),
    room: kept.kind === "static" ? kept.room : null,
    keeps: kept.kind !== "none",
  });
  const storage = storageOfCheckpoint(checkpoint.tensors, precision.weights);
  const weights = checkpoint.tensors.reduce(
    (sum, { tensor }) =>
      sum + copiesOf(tensor) *
        storage(tensor).pieces.reduce(
          (all, each) => all + roundedBytes(each),
          0,
        ),
    0,
  );
  const buffers = model.buffers.reduce(
    (sum, buffer) =>
      sum + copiesOf(buffer) *
        roundedBytes(elementsOf(buffer) * buffer.bytes_per_element),
    0,
  );
  const loaded = weights + buffers;
  const one = closedBytes(
    model.architecture,
    caches,
    sequenceOf(prompt, generated),
  );
  const inputs = 16 * batch * (prompt + generated);
  const sums = (["prefill", "decode"] as const).map((name) => ({
    name,
    cache: batch * one[name].cache,
    activations: batch * one[name].activations + inputs,
  }));
  const ran = generated > 1 ? sums : sums.slice(0, 1);
  // Layers and their caches are dealt out evenly, what runs is one GPU's.
  const heldOf = (cache: number) => Math.ceil((loaded + cache) / number);
  const peaks = ran.map((each) => heldOf(each.cache) + each.activations);
  const most = Math.max(...peaks);
  const at = ran[peaks.indexOf(most)] as typeof sums[0];
  const demand = { peak: most, reserved: most };
  const fit = fitOn(scenario, demand, gpu);
  const sequencesOf = (tokens: number): number => {
    const own = closedBytes(
      model.architecture,
      caches,
      sequenceOf(
        Math.max(1, tokens - generated),
        Math.min(generated, Math.max(0, tokens - 1)),
      ),
    );
    const each = Math.max(
      own.prefill.cache / number + own.prefill.activations,
      own.decode.cache / number + own.decode.activations,
    ) + 16 * tokens;
    const left = fillableOf(scenario, gpu) - heldOf(0);
    return Math.max(0, Math.floor(left / each));
  };
  const sequences = sequencesOf(prompt + generated);
  const size = numberBytes(kept, scenario);
  const each = cachedBytes(caches, kept, { prompt, generated }, size);
  const held = each === null ? null : batch * each;
  const outside = contextOf(scenario, gpu);
  const cache = Math.ceil(at.cache / number);
  const parts = [
    part("weights", most - cache - at.activations, checkpoint.basis),
    part("KV cache", cache, "assumed"),
    part("activations", at.activations, "assumed"),
  ].filter(({ bytes }) => bytes > 0);
  return {
    serving: {
      engine: "transformers",
      starts: fit.fits,
      refusal: fit.fits
        ? null
        : `torch.OutOfMemoryError: CUDA out of memory: ${
          Math.ceil(-fit.headroom / 1024 ** 2)
        } MiB more are needed`,
      weights_bytes: heldOf(0),
      compute_bytes: at.activations,
      graph_bytes: 0,
      outside_bytes: outside,
      kv_pool_bytes: null,
      kv_tokens: null,
      max_model_len: model.architecture.max_position_embeddings,
      max_concurrency: null,
      devices: Array.from({ length: number }, (_, gpu) => ({
        device: `GPU ${gpu}`,
        weights_bytes: heldOf(0),
        kv_bytes: cache,
        state_bytes: 0,
        compute_bytes: at.activations,
        total_bytes: most + outside,
      })),
      settings: {
        use_cache: kept.kind !== "none",
        max_new_tokens: generated,
      },
    },
    kv: {
      ...keptBytes(caches, size),
      bytes: Math.ceil((held ?? ran.at(-1)?.cache ?? 0) / number),
      max_tokens: sequences * (prompt + generated),
      max_sequences: sequences,
    },
    phases: [
      { name: "load", peak_bytes: heldOf(0) },
      ...ran.map(({ name }, index) => ({
        name,
        peak_bytes: peaks[index] ?? 0,
      })),
    ],
    binding: at.name,
    parts,
    reserved: most,
    device: most + outside,
    host: null,
    fitOn: (other) => fitOn(scenario, demand, other),
    sequencesOf,
    assumptions: [],
    warnings: [
      `activations and caches are assumed, by closed forms of decoders like llama, because ${reason}`,
    ],
  };
}

function part(name: string, bytes: number, basis: Part["basis"]): Part {
  return { name, bytes, formula: FORMULAS[name] ?? name, basis };
}

const FORMULAS: Readonly<Record<string, string>> = {
  "weights": "each tensor as it lies on the device, and buffers",
  "KV cache": "what layers keep between tokens, by kinds of layers",
  "activations":
    "the last layer's: tokens × (3 × inner + 4 × hidden) numbers, eager scores, or logits",
};
