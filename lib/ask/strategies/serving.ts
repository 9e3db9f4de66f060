import type { Model } from "../../models/model.ts";
import { meshOf } from "../../parallel/mesh.ts";
import { divisorsOf } from "../../parallel/nearest.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { serve } from "../../serve/mod.ts";
import { servedNeed } from "../served_need.ts";
import type {
  GpuLayout,
  LayoutsAsked,
  PlayedLayout,
  TryingLayouts,
} from "./layout.ts";
import {
  inOrder,
  pieceOf,
  refusedLayout,
  setOf,
  smallestGpu,
} from "./layout.ts";
import { replicasOf } from "./meshes.ts";

type ServingEngineName = Scenario["serve"]["engine"];
type Axes = Pick<Scenario["parallel"], "tp" | "pp" | "ep">;

/** Layouts that are tried at most. */
const MOST_LAYOUTS = 200;

/** GPUs that an engine is asked about anew, at most, for the smallest of a layout. */
const MOST_SMALLER = 40;

/**
 * Tries the ways to serve a scenario's model on a number of GPUs: replicas, tensor
 * parallelism within a node, stages, experts; as far as its engine has them.
 *
 * @param scenario It is to serve.
 * @param gpus How many there are.
 */
export function* tryServing(
  scenario: Scenario,
  model: Model,
  gpus: number,
  { from = 0 }: LayoutsAsked,
): TryingLayouts {
  const whole = replicasOf(scenario.parallel, gpus);
  const axes = axesOf(scenario, model, gpus);
  const tried = axes.slice(from, from + MOST_LAYOUTS);
  const played: PlayedLayout[] = [];
  const refused = new Map<string, GpuLayout>();
  for (const [at, split] of tried.entries()) {
    yield { tried: from + at, of: axes.length };
    const laidOut: Scenario = {
      ...scenario,
      method: "timeline",
      parallel: { ...whole, ...split },
    };
    const layout = layoutOf(scenario, laidOut, model);
    if (layout.peak_bytes !== null) {
      played.push({ ...layout, peak_bytes: layout.peak_bytes });
    } else if (!refused.has(layout.reason ?? "")) {
      refused.set(layout.reason ?? "", layout);
    }
  }
  return pieceOf(
    inOrder(played, refused.values()),
    from + tried.length,
    axes.length,
  );
}

/** How an engine may split a model over GPUs, what splits least first. */
function axesOf(
  { serve: { engine }, parallel: { gpus_per_node } }: Scenario,
  { architecture: { experts } }: Model,
  gpus: number,
): Axes[] {
  const tensor = divisorsOf(gpus).filter((tp) => tp <= gpus_per_node);
  const dealt = (tp: number, pp: number): number[] => {
    const ranks = EXPERT_RANKS[engine]?.({ tp, dp: gpus / (tp * pp) }) ?? 1;
    return experts > 0 && ranks > 1 ? [1, ranks] : [1];
  };
  switch (engine) {
    case "llama.cpp":
      // It deals layers out to all GPUs that it sees.
      return [{ tp: 1, pp: 1, ep: 1 }];
    case "transformers":
      return [
        { tp: 1, pp: 1, ep: 1 },
        ...(gpus === 1
          ? []
          : [{ tp: 1, pp: gpus, ep: 1 }, { tp: gpus, pp: 1, ep: 1 }]),
      ];
    case "tgi":
      return tensor.map((tp) => ({ tp, pp: 1, ep: 1 }));
    default:
      return tensor.flatMap((tp) =>
        divisorsOf(gpus / tp).flatMap((pp) =>
          dealt(tp, pp).map((ep): Axes => ({ tp, pp, ep }))
        )
      ).sort((a, b) => a.tp * a.pp * a.ep - b.tp * b.pp * b.ep);
  }
}

/**
 * The ranks among which an engine deals experts out, where it does.
 *
 * Source: vllm-project/vllm docs/serving/expert_parallel_deployment.md: EP_SIZE is
 * TP_SIZE × DP_SIZE; sgl-project/sglang python/sglang/srt/server_args.py and
 * NVIDIA/TensorRT-LLM tensorrt_llm/mapping.py: it divides the tensor ranks
 */
const EXPERT_RANKS: Partial<
  Record<ServingEngineName, (ranks: { tp: number; dp: number }) => number>
> = {
  vllm: ({ tp, dp }) => tp * dp,
  sglang: ({ tp }) => tp,
  "tensorrt-llm": ({ tp }) => tp,
};

function layoutOf(
  scenario: Scenario,
  laidOut: Scenario,
  model: Model,
): GpuLayout {
  const mesh = meshOf(
    laidOut.parallel,
    model.architecture,
    laidOut.engine.name,
  );
  const no = (reason: string): GpuLayout =>
    refusedLayout(scenario, laidOut, reason);
  if (!mesh.ok) return no(wordsOf(mesh.problems));
  const on = (gpu: Scenario["hardware"]["gpu"]) =>
    serve({
      scenario: { ...laidOut, hardware: { ...laidOut.hardware, gpu } },
      model,
      mesh: mesh.value,
    });
  const answer = on(laidOut.hardware.gpu);
  if ("reason" in answer) return no(answer.reason);
  if (!answer.ok) return no(wordsOf(answer.problems));
  const { served } = answer.value;
  const need = servedNeed(served, laidOut);
  const replicas = replicasIn(laidOut);
  let tries = 0;
  return {
    set: setOf(scenario, laidOut),
    peak_bytes: need.bytes,
    fits: need.fits,
    smallest_gpu: smallestGpu(need.bytes, (gpu) => {
      const { fits: starts } = served.fitOn({ usable: gpu.usable_bytes, gpu });
      // Where there is no pool, what is asked for has its place already.
      if (!starts || served.serving.kv_pool_bytes === null) return starts;
      if (++tries > MOST_SMALLER) return false;
      const there = on(gpu.name);
      return !("reason" in there) && there.ok &&
        servedNeed(there.value.served, {
          ...laidOut,
          hardware: { ...laidOut.hardware, gpu: gpu.name },
        }).fits;
    }),
    reason: null,
    replicas,
    kv_tokens: tokensOf(served.serving.kv_tokens, replicas),
  };
}

function tokensOf(tokens: number | null, replicas: number): number | null {
  return tokens === null ? null : tokens * replicas;
}

/** Whole models beside one another. */
function replicasIn(
  { serve: { engine }, parallel: { gpus, tp, pp } }: Scenario,
): number {
  return engine === "llama.cpp" ? 1 : gpus / (tp * pp);
}

function wordsOf(problems: readonly { readonly message: string }[]): string {
  return problems.map(({ message }) => message).join("; ");
}
