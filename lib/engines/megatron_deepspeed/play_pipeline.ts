import type { Act, Take } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { besideBuffer } from "../../plan/beside.ts";
import type { MegatronPlan } from "../../plan/megatron/plan.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import { ownTokens, tokensOf } from "../../software/megatron/shares.ts";
import { withExchanges } from "../exchanges.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";
import { gatheredBuffer } from "../megatron/kept.ts";
import type { ChunkStack } from "../megatron/weave.ts";
import { playedMicros, turnsOf } from "../megatron/schedule.ts";
import { Buckets, Gradients, whenOf } from "../zero/buckets.ts";
import {
  answerOf,
  BACKWARD_END,
  exchange,
  flatStates,
  flatTemporaries,
  flatTrained,
  free,
  implementationIn,
  kernelFlags,
  LOAD,
  STEP,
  take,
  tensor,
  transient,
  UPDATED,
} from "../zero/common.ts";
import { elementsInOrder, partitionsOf } from "../zero/parameters.ts";
import type { ZeroSettings } from "../zero/settings.ts";
import { gradientsSteps, ownPartition } from "../zero/stage12.ts";
import type { PipedStage } from "./pipeline.ts";
import { pipedPasses } from "./pipeline.ts";

/** A stage of the pipeline, and what it was planned as. */
export interface PipedRank {
  readonly own: MegatronPlan;
  readonly chunk: ChunkStack;
  readonly settings: ZeroSettings;
  readonly stages: number;
}

/**
 * A stage under DeepSpeed's pipeline: its weights in a flat tensor, whose fp32
 * partition the rank steps. bf16 gradients are added up in a flat tensor of their
 * own where ZeRO is off or they are fp32 (BF16_Optimizer); else whole gradients stand
 * until ZeRO 1 reduces them through its buckets, of which it then has two.
 *
 * Sources: deepspeed/runtime/pipe/engine.py, PipelineEngine;
 * deepspeed/runtime/engine.py, _do_optimizer_sanity_check;
 * deepspeed/runtime/bf16_optimizer.py; deepspeed/runtime/zero/stage_1_and_2.py,
 * reduce_gradients
 */
export function playPipeline(
  question: RankQuestion,
  { own, chunk, settings, stages }: PipedRank,
): RankAnswer {
  const { plan: { inventory }, rule, scenario, mesh, place } = question;
  const ranks = mesh.dp * mesh.cp;
  const { dtype } = own;
  const elements = elementsInOrder(inventory.items);
  const whole = elements.reduce((sum, each) => sum + each, 0);
  const { rank } = scenario.parallel;
  const partition = ownPartition(
    partitionsOf(elements, ranks, settings.roundRobin),
    // Its place among the data-parallel ranks of its stage.
    rank === null ? null : Math.floor(rank % (mesh.gpus / stages) / mesh.tp),
    false,
  );
  const { size } = partition;
  const stepped = {
    rule,
    implementation: implementationIn(question),
    trained: [flatTrained(size)],
  };
  const pipeline = {
    stage: place.pp,
    stages,
    chunks: 1,
    micros: scenario.parallel.microbatches ??
      scenario.train.gradient_accumulation,
  };
  const micros = playedMicros(pipeline);
  const gradients = new Gradients(dtype);
  const isFlat = settings.stage === 0 || settings.accumulates === "fp32";
  const buckets = new Buckets(
    {
      limit: settings.reduceBucket,
      overlaps: false,
      contiguous: settings.contiguous,
      partitions: false,
      offloads: false,
      dtype,
      reduces: dtype,
      accumulates: dtype,
      own: partition,
      total: whole,
    },
    gradients,
    1,
    false,
  );
  const wide = settings.accumulates === "fp32";
  const accumulated = transient([
    tensor("gradients", "a gradient in fp32", Math.max(0, ...elements), "fp32"),
  ], BACKWARD_END);
  const stage = stageOf(own, chunk);
  const { acts, passes, standing } = pipedPasses(
    stage,
    turnsOf({ ...pipeline, micros }),
    gradients,
    (run) => isFlat ? [] : buckets.begin(whenOf(run)),
    isFlat && wide ? accumulated : [],
  );
  const shared = { elements: size * ranks, dtype };
  const second = tensor(
    "communication buffers",
    "buckets of gradients",
    settings.contiguous ? settings.reduceBucket : 0,
    dtype,
  );
  const gone = standing.map((each) => free(gradients.of(each), STEP));
  const reduced: Act[] = isFlat
    ? [
      ...transient([
        tensor(
          "communication buffers",
          "gradients as they are reduced",
          wide ? size * ranks : 0,
          dtype,
        ),
      ], BACKWARD_END),
      exchange("all-reduce", "gradients", shared, BACKWARD_END),
      ...flatTemporaries(question, stepped),
      ...gone,
    ]
    : [
      take(second, BACKWARD_END),
      ...standing.flatMap((each) => [
        ...buckets.add(each, BACKWARD_END),
        free(gradients.of(each), BACKWARD_END),
      ]),
      ...buckets.end(BACKWARD_END),
      free(second, BACKWARD_END),
      ...gradientsSteps(
        partition,
        dtype,
        { kept: buckets.kept, isFlat: false },
        flatTemporaries(question, stepped),
      ),
    ];
  const kept = pipeBuffers(own, stage, Math.min(2, pipeline.micros), {
    inFlight: Math.max(2, Math.min(stages - place.pp, pipeline.micros)),
    micros: pipeline.micros,
  });
  const repeated = new Set(passes[0]?.instances ?? []);
  const answer = answerOf(question, {
    load: [
      ...inventory.beside.map((buffer) => take(buffer, LOAD)),
      take(tensor("weights", "flat parameters", size * ranks, dtype), LOAD),
      ...(isFlat
        ? [take(
          tensor(
            "gradients",
            "flat gradients",
            size * ranks,
            wide ? "fp32" : dtype,
          ),
          LOAD,
        )]
        : []),
      take(tensor("master weights", "partition in fp32", size, "fp32"), LOAD),
      ...kernelFlags(question, true),
    ],
    states: flatStates(question, stepped),
    kept,
    step: [
      ...withExchanges(
        acts,
        (instance) => repeated.has(instance) ? pipeline.micros - micros + 1 : 1,
      ),
      ...reduced,
      exchange("all-gather", UPDATED, shared, STEP),
    ],
    passes: [],
    stepped,
    hostBytes: 0,
  });
  const events = passes.reduce(
    (sum, pass) =>
      pass.acts.reduce(
        (all, { segment }) => all + segment.to - segment.from,
        sum,
      ),
    answer.program.events,
  );
  return {
    ...answer,
    program: {
      ...answer.program,
      alternates: true,
      events,
      blocks: Math.max(...passes.map(({ instances }) => instances.length)),
    },
  };
}

/** What a pass copies: tokens, their places, and the mask; what makes that mask. */
function stageOf(
  { shares, hidden, dtype, head }: MegatronPlan,
  { stack, receives, sends }: ChunkStack,
): PipedStage {
  const square = shares.sequence ** 2;
  const reads = !receives || !sends;
  return {
    stack,
    receives,
    sends,
    handed: besideBuffer(
      "communication buffers",
      "hidden states of the pipeline",
      ownTokens(shares) * hidden * DTYPE_BYTES[dtype],
    ),
    logits: besideBuffer(
      "logits and loss",
      "logits in fp32 that the pipeline keeps",
      sends ? 0 : DTYPE_BYTES.fp32 * tokensOf(shares) * head.head.out,
    ),
    copied: besideBuffer(
      "inputs",
      "copy of a batch and its mask",
      receives ? 0 : square + inputBytes(shares),
    ),
    made: besideBuffer(
      "inputs",
      "making a mask",
      reads ? 2 * DTYPE_BYTES.fp32 * square : 0,
    ),
  };
}

function inputBytes(shares: MegatronPlan["shares"]): number {
  return 2 * DTYPE_BYTES.int64 * tokensOf(shares);
}

/**
 * What the pipeline's buffers go on to refer to: batches of the first stage, logits in
 * fp32 and labels of the last, what stages receive in.
 */
function pipeBuffers(
  own: MegatronPlan,
  { receives, sends, handed, logits }: PipedStage,
  outputs: number,
  { inFlight, micros }: { readonly inFlight: number; readonly micros: number },
): Take[] {
  const { shares, layerOf, kindOf, chunks, dtype } = own;
  const [first = 0] = chunks[0]?.layers ?? [];
  const tables = DTYPE_BYTES[dtype] * shares.sequence *
    layerOf(kindOf(first)).attention.turned;
  const batch = besideBuffer(
    "buffers",
    "batches and their masks",
    shares.sequence ** 2 + inputBytes(shares),
  );
  const labels = besideBuffer(
    "buffers",
    "labels and their mask",
    (DTYPE_BYTES.int64 + DTYPE_BYTES.fp32) * tokensOf(shares),
  );
  const times = (count: number, buffer: Buffer): Buffer[] =>
    Array.from({ length: count }, () => buffer);
  return [
    ...times(2, besideBuffer("buffers", "cosines or sines", tables)),
    gatheredBuffer(own),
    // What comes from either side is received in one buffer.
    handed,
    ...(receives ? [] : times(Math.min(inFlight, micros), batch)),
    // The graph of logits that are kept refers to what was received, and its gradient.
    ...(sends ? [] : [
      ...times(outputs, logits),
      ...times(outputs, labels),
      ...times(2 * outputs, handed),
    ]),
  ].filter(({ bytes }) => bytes > 0).map((buffer): Take => ({
    act: "take",
    phase: "forward",
    at: "embeddings",
    buffer,
  }));
}
