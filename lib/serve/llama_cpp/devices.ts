import type { DeviceShare } from "../../answer/serving.ts";
import { formatBytes } from "../../units/mod.ts";
import type { Deployment } from "./deployment.ts";
import type { ServingMachine } from "./machine.ts";
import { sure } from "./ggml/sure.ts";

/** Bytes of a deployment on each device, a draft's and all else together. */
export interface DeviceShares {
  readonly devices: DeviceShare[];
  /** The number of the GPU that holds most. */
  readonly fullest: number;
  /** Why it does not start, in llama.cpp's words; null where it does. */
  readonly refusal: string | null;
}

/** What each device of a machine holds of the models that are loaded. */
export function sharesOf(
  deployments: readonly Deployment[],
  machine: ServingMachine,
): DeviceShares {
  const host = machine.gpus.length;
  const sum = (of: (deployment: Deployment) => readonly number[], at: number) =>
    deployments.reduce(
      (total, each) => total + Math.round(sure(of(each)[at])),
      0,
    );
  const rows = Array.from({ length: host + 1 }, (_, at): DeviceShare => {
    const weights = sum(({ weights }) => weights, at);
    const kv = sum(({ caches }) => caches.kv, at);
    const states = sum(({ caches }) => caches.states, at);
    const compute = sum(({ compute }) => compute, at);
    const beside = at === host
      ? deployments.reduce((total, { outputBytes }) => total + outputBytes, 0)
      : sure(machine.outside[at]);
    return {
      device: at === host ? "host" : `GPU ${at}`,
      weights_bytes: weights,
      kv_bytes: kv,
      state_bytes: states,
      compute_bytes: compute,
      total_bytes: weights + kv + states + compute + beside,
    };
  });
  const gpus = rows.slice(0, host);
  const fullest = gpus.reduce(
    (most, { total_bytes }, at) =>
      total_bytes > sure(gpus[most]).total_bytes ? at : most,
    0,
  );
  const refusal = gpus.map((row, at) => refusalOf(row, machine, at)).find((
    each,
  ) => each !== null) ?? null;
  return { devices: rows, fullest, refusal };
}

/**
 * At which of its buffers llama.cpp gives up, in its words.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-model.cpp, load_tensors;
 * src/llama-kv-cache.cpp; ggml/src/ggml-alloc.c, ggml_gallocr_reserve_n_impl
 */
function refusalOf(
  { weights_bytes, kv_bytes, state_bytes, compute_bytes }: DeviceShare,
  { gpus, outside }: ServingMachine,
  at: number,
): string | null {
  const left = sure(gpus[at]).usable - sure(outside[at]);
  const name = `CUDA${at}`;
  const of = (bytes: number) =>
    `${bytes} (${formatBytes(bytes)}), with ${
      formatBytes(Math.max(0, left))
    } free on GPU ${at}`;
  if (weights_bytes > left) {
    return `unable to allocate ${name} buffer: weights of ${of(weights_bytes)}`;
  }
  const kept = kv_bytes + state_bytes;
  if (weights_bytes + kept > left) {
    return `failed to allocate buffer for kv cache: ${name} buffer of ${
      of(kept)
    }, weights taking ${formatBytes(weights_bytes)}`;
  }
  return weights_bytes + kept + compute_bytes > left
    ? `failed to allocate ${name} buffer of size ${
      of(compute_bytes)
    }, weights and cache taking ${formatBytes(weights_bytes + kept)}`
    : null;
}
