import { formatBytes } from "../../units/mod.ts";
import { besideBuffer } from "../beside.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { HeldSide, RolloutShare } from "./objective_plan.ts";

const PART = "rollout engine";
const WEIGHTS = "parameters of vLLM's copy";
const CACHE = "vLLM's KV cache";

/**
 * What of it stands throughout. One that sleeps discards weights and cache and keeps
 * its graphs.
 *
 * Source: vllm-project/vllm v1/worker/gpu_worker.py, sleep; device_allocator/cumem.py
 */
export function standingOf(
  { weights, cache, graphs, sleeps }: RolloutShare,
): Buffer[] {
  return [
    ...(sleeps ? [] : [
      besideBuffer(PART, WEIGHTS, weights),
      besideBuffer(PART, CACHE, cache),
    ]),
    besideBuffer(PART, "vLLM's CUDA graphs", graphs),
  ].filter(({ bytes }) => bytes > 0);
}

/** What is taken while completions are made, before the update. */
export function generatingOf(
  { weights, cache, working, sleeps }: RolloutShare,
): HeldSide {
  return {
    name: "generation",
    when: "rollout",
    holds: false,
    isOutside: sleeps,
    takes: [
      ...(sleeps
        ? [
          { part: PART, label: WEIGHTS, bytes: weights },
          { part: PART, label: CACHE, bytes: cache },
        ] as const
        : []),
      { part: PART, label: "activations of a step of vLLM's", bytes: working },
    ],
  };
}

/** What is said of it. */
export function shareWords(
  { share, weights, cache, sleeps }: RolloutShare,
): string {
  return `train.rollout.engine vllm: it is given ${share} of the GPU, ${
    formatBytes(weights)
  } of weights and ${formatBytes(cache)} of cache, which ${
    sleeps
      ? "stand while completions are made alone"
      : "stand throughout; train.rollout.sleep gives them back in between"
  }; its longest sequence is taken for train.sequence_length`;
}
