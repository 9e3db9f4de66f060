import type { Trained } from "../optimizers/rule.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Act, Collective, Take } from "../play/program/act.ts";
import type { Group } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Engine } from "./engine.ts";
import { alike } from "./engine.ts";
import { microBatches, singleProgram } from "./single.ts";

const MIB = 1024 ** 2;

/** What the first bucket holds, so that its reduction begins soon. */
const FIRST_BUCKET = MIB;

/**
 * PyTorch's DistributedDataParallel: every rank has the whole model, and buckets
 * that gradients are copied to, or are views of.
 *
 * Sources: pytorch torch/nn/parallel/distributed.py; torch/csrc/distributed/c10d/
 * reducer.cpp, initialize_buckets, mark_variable_ready_dense,
 * compute_bucket_assignment_by_size
 */
export const ddp: Engine = {
  name: "ddp",
  reads: () => [
    "engine.bucket_cap_mb",
    "engine.gradient_as_bucket_view",
    "precision.master_weights",
  ],
  refuses({ optimizer }, { tp, pp, cp, ep }) {
    if (optimizer.in_backward) {
      return "optimizer.in_backward is not played with DDP, which has buckets of gradients that a step in the backward would have to read; engine.name single steps so, or optimizer.in_backward false";
    }
    return tp * pp * cp * ep > 1
      ? "DDP with tensor, pipeline, context or expert parallelism is not played through yet"
      : null;
  },
  ranks: (_, mesh) => alike(mesh),
  play(question) {
    const { scenario, plan, record } = question;
    const { inventory } = plan;
    const { trained } = inventory;
    const isView = scenario.engine.gradient_as_bucket_view ?? false;
    // A gradient is copied into its bucket, where the parameter's then lies.
    const passes = isView
      ? [record({ accumulation: "add" })]
      : microBatches(question);
    const program = singleProgram({
      ...question,
      inventory,
      trained,
      passes,
      inBackward: false,
    });
    const sizes = bucketSizes(trained, scenario.engine.bucket_cap_mb ?? 25);
    const buckets = bucketActs(trained, sizes);
    const reductions = reductionsOf(sizes);
    return {
      program: {
        ...program,
        load: [...program.load, ...buckets],
        step: withReductions(program.step, reductions),
        first: withReductions(program.first, reductions),
      },
      hostBytes: passes[0]?.hostBytes ?? 0,
    };
  },
};

/** Bytes of each bucket, the last parameters' first; none splits a tensor. */
function bucketSizes(trained: readonly Trained[], capMb: number): number[] {
  const sizes: number[] = [];
  let limit = FIRST_BUCKET;
  let filled = 0;
  for (const { elements, dtype, copies } of trained.toReversed()) {
    for (let copy = 0; copy < copies; copy++) {
      filled += elements * DTYPE_BYTES[dtype];
      if (filled < limit) continue;
      sizes.push(filled);
      filled = 0;
      limit = capMb * MIB;
    }
  }
  if (filled > 0) sizes.push(filled);
  return sizes;
}

/** Buckets of gradients stand from the start. */
function bucketActs(
  trained: readonly Trained[],
  sizes: readonly number[],
): Take[] {
  const group: Group = {
    part: "communication buffers",
    label: "buckets of gradients",
    count: 1,
    elements: trained.reduce(
      (sum, each) => sum + each.copies * each.elements,
      0,
    ),
  };
  const pieces = sizes.map((bytes) => ({ group, bytes: roundedBytes(bytes) }));
  return [{
    act: "take",
    phase: "load",
    at: "load",
    buffer: bufferOf("buckets", pieces),
  }];
}

/** Buckets of like bytes are reduced alike, of the last micro-batch alone. */
function reductionsOf(sizes: readonly number[]): Collective[] {
  const counts = new Map<number, number>();
  for (const bytes of sizes) counts.set(bytes, (counts.get(bytes) ?? 0) + 1);
  return [...counts].map(([bytes, times]) => ({
    act: "collective",
    phase: "backward",
    at: "embeddings",
    collective: "all-reduce",
    group: "data",
    bytes,
    times,
    what: "gradients",
  }));
}

/** Buckets are reduced in place before the optimizer steps. */
function withReductions(
  acts: readonly Act[],
  reductions: readonly Collective[],
): Act[] {
  const begin = acts.findIndex(({ phase }) => phase === "optimizer");
  return [...acts.slice(0, begin), ...reductions, ...acts.slice(begin)];
}
