import type { MegatronPlan } from "../../plan/megatron/plan.ts";
import type { Act, Take } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { RankQuestion } from "../engine.ts";
import type { ParameterPool } from "./buffers.ts";
import { apart, loading, pooled } from "./buffers.ts";
import {
  eightBitsOf,
  eightBitWeights,
  splitPools,
} from "./eight_bit_weights.ts";
import { keptBuffers } from "./kept.ts";

/** What stands beside what passes make. */
export interface StandingMemory {
  readonly load: readonly Take[];
  /** Of an element of a gradient as it is reduced. */
  readonly gradientBytes: number;
  readonly first: readonly Take[];
  /** What a later step begins with. */
  readonly beginning: readonly Act[];
  /** What the optimizer's step takes first. */
  readonly stepping: readonly Act[];
}

/**
 * Parameters and gradients of whole buffers, masters of this rank's shards. The
 * optimizer reads gradients in fp32: others are copied, until they are zeroed.
 */
export function memoryOf(
  { scenario, mesh }: RankQuestion,
  own: MegatronPlan,
  pools: readonly ParameterPool[],
): StandingMemory {
  const { engine, precision } = scenario;
  const bytes = DTYPE_BYTES[own.dtype];
  // megatron/training/arguments.py: bf16 accumulates in fp32 unless told otherwise.
  const isWide = engine.grad_reduce_in_fp32 ??
    (own.dtype === "bf16" || precision.gradients === "fp32");
  const isAware = precision.optimizer_states !== null &&
    precision.optimizer_states !== "fp32";
  // Masters of an optimizer on the host that knows other types lie there alone:
  // distrib_optimizer.py, _build_model_and_main_param_groups (no main_param), and
  // cpu_offloading/hybrid_optimizer.py (param_update_in_fp32).
  const away = precision.master_weights === "none" &&
    engine.offload_optimizer !== "none";
  const distributed = engine.distributed_optimizer;
  const ofPools = (
    of: "elements" | "own",
    each: number,
    ...as: [Parameters<typeof pooled>[3], string]
  ) => pooled(pools, of, each, ...as);
  const masters = ofPools("own", 4, "master weights", "parameters in fp32");
  // What of an fp32 master its bf16 parameter does not say.
  const remainders = ofPools("own", 2, "master weights", "remainders");
  const copies = ofPools("own", 4, "gradients", "gradients in fp32");
  const when = (buffer: Buffer, act: "take" | "free"): Act[] =>
    isWide || isAware || away
      ? []
      : [{ act, phase: "optimizer", at: "optimizer", buffer }];
  const kept = [
    ...keptBuffers(own, mesh),
    ...eightBitWeights(scenario, own),
  ].map((buffer): Take => ({
    act: "take",
    phase: "forward",
    at: "embeddings",
    buffer,
  }));
  return {
    load: [
      ...parameterTakes(own, pools, bytes, {
        distributed,
        inEight: precision.fp8 !== null && precision.fp8_parameters,
      }),
      ...loading(
        ofPools("elements", isWide ? 4 : bytes, "gradients", "gradients"),
      ),
      ...(isAware || away ? [] : loading(masters)),
    ],
    gradientBytes: isWide ? 4 : bytes,
    first: isAware && !away
      ? [...kept, {
        act: "take",
        phase: "optimizer",
        at: "optimizer",
        buffer: remainders,
      }]
      : kept,
    beginning: when(copies, "free").map((act) => ({
      ...act,
      phase: "forward",
      at: "embeddings",
    })),
    stepping: when(copies, "take"),
  };
}

/** Parameters as they are loaded: whole buffers, or each by itself. */
function parameterTakes(
  own: MegatronPlan,
  pools: readonly ParameterPool[],
  bytes: number,
  { distributed, inEight }: { distributed: boolean; inEight: boolean },
): Take[] {
  const takes = inEight ? eightBitsOf(own) : () => false;
  const named = ["weights", "parameters"] as const;
  const apartIn = (held: MegatronPlan["held"]): Take[] => [
    ...loading(apart(held.filter((each) => !takes(each)), bytes)),
    ...loading(apart(held.filter(takes), 1)),
  ];
  if (!distributed) return apartIn(own.held);
  const split = splitPools(pools, takes);
  return [
    ...loading(pooled(split.own, "elements", bytes, ...named)),
    ...loading(pooled(split.eight, "elements", 1, ...named)),
    ...apartIn(own.held.filter(({ parameter }) => !parameter.trains)),
  ];
}
