import type { Estimate } from "../../answer/estimate.ts";
import type { Failure } from "../../failures/failure.ts";
import type { Printed } from "../../failures/printed.ts";
import type { FailureReading } from "../../failures/read.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { asPrinted, groupDigits } from "../../units/mod.ts";
import { mayBe } from "./allocator_sizes.ts";
import { product } from "./terms.ts";
import type { ErrorCause } from "../../answer/explanation.ts";

/** How far a buffer may be off what is estimated for it, and still be that. */
const NEAR = 0.01;

/**
 * What of a serving engine the memory went to: the cache that was refused, the buffer
 * that could not be made, or what left no room for a cache.
 */
export function servedTensors(
  { failure, moment }: FailureReading,
  { serve, kv }: Pick<Estimate, "serve" | "kv">,
  scenario: Scenario,
  { architecture }: Model,
): ErrorCause[] {
  if (!serve) return [];
  if (failure.kind === "cache") {
    return kv && failure.tool === "vLLM" ? cacheOfOne(failure, kv) : [];
  }
  if (failure.kind === "no cache") return shares(serve);
  if (failure.what === "sampler" || moment?.name === "sample") {
    return samplerLogits(
      failure.tried,
      serve.settings["max_num_seqs"],
      architecture.vocab_size,
    );
  }
  if (
    failure.tried && (failure.tool === "llama.cpp" || failure.tool === "ollama")
  ) {
    return bufferOf(failure, serve, scenario);
  }
  return [];
}

/** The cache of one sequence of the longest length. */
function cacheOfOne(
  { tokens, tried }: Failure,
  { bytes_per_token, fixed_bytes_per_sequence = 0 }: NonNullable<
    Estimate["kv"]
  >,
): ErrorCause[] {
  const asked = tokens?.asked ?? null;
  if (asked === null || bytes_per_token === 0) return [];
  const bytes = asked * bytes_per_token + fixed_bytes_per_sequence;
  const told = tried && Math.abs(bytes / tried.bytes - 1) > NEAR
    ? `; the engine counts ${asPrinted(tried.bytes)}`
    : "";
  return [{
    tensor: "KV cache of one sequence",
    bytes,
    at: "while the engine makes its cache",
    words: `${asPrinted(bytes)} = ${groupDigits(asked)} tokens × ${
      groupDigits(bytes_per_token)
    } B${
      fixed_bytes_per_sequence > 0
        ? ` + ${asPrinted(fixed_bytes_per_sequence)} of a fixed size`
        : ""
    }: keys and values of one sequence of the greatest length${told}`,
  }];
}

/** What the engine has before it makes a cache. */
function shares(serve: NonNullable<Estimate["serve"]>): ErrorCause[] {
  const all = [
    ["weights", serve.weights_bytes, "while the model is loaded"],
    ["activations of the trial run", serve.compute_bytes, "in the trial run"],
    ["CUDA graphs", serve.graph_bytes, "while graphs are captured"],
    ["memory beside PyTorch", serve.outside_bytes, "from the start"],
  ] as const;
  return all.filter(([, bytes]) => bytes > 0).map(([tensor, bytes, at]) => ({
    tensor,
    bytes,
    at,
    words: `${asPrinted(bytes)}: ${tensor}`,
  }));
}

/**
 * Bytes a number of what the sampler makes of all its sequences' logits: the logits in
 * fp32, places of a sort, and what the sort works in, which is both.
 *
 * Source: vllm-project/vllm v1/sample/ops/topk_topp_sampler.py, apply_top_k_top_p;
 * pytorch aten/src/ATen/native/cuda/Sort.cpp
 */
const SAMPLED = [
  ["logits in fp32", 4],
  ["places of the sorted logits", 8],
  ["what sorting the logits works in", 12],
] as const;

function samplerLogits(
  tried: Printed | null,
  rows: unknown,
  vocabulary: number,
): ErrorCause[] {
  if (typeof rows !== "number" || vocabulary === 0) return [];
  const one = rows * vocabulary;
  const [tensor, width] =
    SAMPLED.find((each) => tried && mayBe(each[1] * one, tried)) ?? SAMPLED[0];
  return [{
    tensor,
    bytes: width * one,
    at: "while the engine warms up its sampler",
    words: `${asPrinted(width * one)} = ${
      product([rows, vocabulary], width)
    }: ${tensor} of max_num_seqs sequences`,
  }];
}

/** The buffer of llama.cpp that has the size that was asked for. */
function bufferOf(
  { tried, device, what }: Failure,
  serve: NonNullable<Estimate["serve"]>,
  { serve: asked }: Scenario,
): ErrorCause[] {
  const share =
    serve.devices.find((each) =>
      each.device === (device === null ? "host" : `GPU ${device}`)
    ) ?? serve.devices[0];
  if (!share || !tried) return [];
  const buffers = [
    ["weights", share.weights_bytes, "while the model is loaded"],
    ["KV cache", share.kv_bytes, "while the context is made"],
    ["compute buffers", share.compute_bytes, "while the context is made"],
  ] as const;
  const isNear = (bytes: number): boolean =>
    bytes > 0 && Math.abs(tried.bytes / bytes - 1) < NEAR;
  const found = what === null
    ? buffers.find(([, bytes]) => isNear(bytes))
    : buffers.find(([name]) => name === what);
  if (!found) return [];
  const [tensor, bytes, at] = found;
  const layers = asked.gpu_layers;
  const where = tensor === "weights"
    ? ` of ${
      layers === null ? "the layers" : `${layers} layers`
    } on ${share.device}`
    : ` on ${share.device}`;
  return [{
    tensor,
    bytes,
    at,
    words: isNear(bytes)
      ? `${asPrinted(tried.bytes)}: ${tensor}${where}, estimated as ${
        asPrinted(bytes)
      }`
      : `${
        asPrinted(tried.bytes)
      }: ${tensor}${where}, where this scenario would have ${asPrinted(bytes)}`,
  }];
}
