import { formatBytes, groupDigits } from "../../units/mod.ts";
import type { Deployment } from "./deployment.ts";
import type { ServingMachine } from "./machine.ts";
import { cellBytes } from "./memory.ts";
import { sure } from "./ggml/sure.ts";

/** What `--fit` leaves free on each device: common/common.h, fit_params_target. */
const MARGIN = 1024 * 2 ** 20;

/** The shortest context that `--fit` takes: fit_params_min_ctx. */
const SHORTEST = 4096;

/**
 * What llama-server's `--fit`, which is on by default, would do about a model that
 * does not fit: shorten a context that nobody asked for, then leave layers to the
 * host.
 *
 * Source: ggml-org/llama.cpp v0.5.0 common/fit.cpp, common_params_fit_impl
 *
 * @param isAsked Whether the number of layers or the context was asked for.
 * @returns In words; null where it would change nothing.
 */
export function fitted(
  deployment: Deployment,
  { gpus, outside }: ServingMachine,
  isAsked: { readonly context: boolean; readonly layers: boolean },
): string | null {
  const { weights, caches, compute, memory, settings, placement } = deployment;
  const missing = gpus.map(({ usable }, at) =>
    sure(weights[at]) + sure(caches.kv[at]) + sure(caches.states[at]) +
    sure(compute[at]) +
    sure(outside[at]) + MARGIN - usable
  );
  if (missing.every((bytes) => bytes <= 0)) return null;
  const margin = `leaving ${formatBytes(MARGIN)} of each GPU free`;
  if (!isAsked.context && settings.n_ctx > SHORTEST) {
    const cells = gpus.map((_, at) => {
      const each = memory.layers.reduce(
        (sum, layer) =>
          layer.memory === at && layer.cache && !layer.cache.isWindow
            ? sum + cellBytes(layer, settings, deployment.isLatent)
            : sum,
        0,
      );
      return sure(missing[at]) <= 0
        ? settings.n_ctx
        : each === 0
        ? 0
        : settings.n_ctx - Math.ceil(sure(missing[at]) / each / 256) * 256;
    });
    const context = Math.min(...cells);
    if (context >= SHORTEST) {
      return `llama-server's --fit would lower the context to about ${
        groupDigits(context)
      } tokens, ${margin}`;
    }
  }
  if (isAsked.layers) return null;
  const depth = placement.layers.length;
  const each = (weights.slice(0, gpus.length).reduce((a, b) => a + b, 0) +
    caches.kv.slice(0, gpus.length).reduce((a, b) => a + b, 0)) / (depth + 1);
  const room = gpus.reduce(
    (sum, { usable }, at) =>
      sum +
      Math.max(0, usable - sure(outside[at]) - MARGIN - sure(compute[at])),
    0,
  );
  const layers = Math.max(0, Math.min(depth + 1, Math.floor(room / each)));
  return `llama-server's --fit would leave layers to the host: about ${layers} of ${
    depth + 1
  } stay on the GPU (serve.gpu_layers), ${margin}`;
}
