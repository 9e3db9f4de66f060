import { stateActs, temporaryActs } from "../../optimizers/step_acts.ts";
import { onDevice, placedInventory } from "../../plan/placement.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import { stageInventory } from "../../plan/titan/stage_inventory.ts";
import type { Act } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { Stack } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import {
  clearOf,
  firstStep,
  lengthOf,
  loadActs,
  workspaceActs,
} from "../acts.ts";
import type { Beat } from "../beats.ts";
import { beatsOf } from "../beats.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";
import { placedByRows } from "../fsdp/fsdp2_sizes.ts";
import { fsdpGroups } from "../fsdp/groups.ts";
import { Fsdp2Weave } from "../fsdp/fsdp2_weave.ts";
import { playedOf } from "../fsdp/micro_batches.ts";
import { gradientsIn, Timeline } from "../fsdp/timeline.ts";
import { Releases } from "../released.ts";
import type { Unit } from "../units.ts";
import { unitsIn, unitsOf } from "../units.ts";
import type { PipedChunk, PipedPass } from "./pipeline.ts";
import { PipelinedRank } from "./pipeline.ts";
import type { Chunk } from "./record.ts";
import { titanPolicy } from "./sharded.ts";
import { scheduleOf, titanTurns } from "./turns.ts";

/** Records a chunk whose gradients are kept, or added to others. */
export type RecordChunk = (chunk: Chunk, accumulation: "keep" | "add") => Stack;

/**
 * A stage of torch.distributed.pipelining. FSDP gathers its layers once, keeps whole
 * gradients in the type that they are reduced in, and reduces them behind the last
 * micro-batch.
 */
export function pipedTitan(
  question: RankQuestion,
  own: StepPlan,
  chunks: readonly Chunk[],
  record: RecordChunk,
): RankAnswer {
  const { scenario, mesh, place, rule, implementation } = question;
  const { parallel, train } = scenario;
  const policy = titanPolicy(question);
  const isSharded = mesh.dp > 1;
  const stage = stageInventory(own.inventory, {
    layers: chunks.flatMap(({ layers }) => layers),
    first: chunks.some(({ first }) => first),
    last: chunks.some(({ last }) => last),
    copies: chunks.length,
  });
  const inventory = isSharded
    ? placedInventory(stage, (item) => placedByRows(item, policy))
    : stage;
  const { trained } = inventory;
  const stepped = { rule, implementation, trained };
  const micros = parallel.microbatches ?? train.gradient_accumulation;
  const { turns, micros: played } = titanTurns(scheduleOf(parallel), {
    stage: place.pp,
    stages: mesh.pp,
    chunks: chunks.length,
    micros,
  });
  const line = new Timeline(new Releases());
  const weave = isSharded ? new Fsdp2Weave(policy, line) : null;
  const all = unitsOf(stage, policy.wrap);
  const passes: PipedPass[] = [];
  const piped = chunks.map((chunk, at) => {
    const units = unitsOfChunk(all, chunks, at);
    // What FSDP casts and adds itself, autograd does not add.
    const adds = !isSharded || policy.reduce === null ||
      policy.reduce === own.scenario.precision.weights;
    return pipedChunk(
      chunk,
      units,
      own,
      policy.lossOutside,
      passes,
      (micro) => record(chunk, adds && micro > 0 ? "add" : "keep"),
    );
  });
  const tokens = train.micro_batch * train.sequence_length;
  const bytes = DTYPE_BYTES[own.scenario.precision.weights];
  const { hidden_size: hidden, vocab_size: vocabulary } =
    own.facts.architecture;
  const inParts = scenario.engine.loss_parallel ?? true;
  const pipeline = new PipelinedRank(piped, line, weave, {
    micros,
    played,
    handed: tokens / mesh.tp * hidden * bytes,
    logits: tokens * bytes *
      (inParts ? Math.ceil(vocabulary / mesh.tp) : vocabulary),
    batch: 2 * micros * tokens * DTYPE_BYTES.int64,
  });
  pipeline.run(turns);
  if (!policy.offloads) {
    line.acts.push(...temporaryActs(stepped, scenario.optimizer.name));
  }
  weave?.zeroGradients();
  const batches = passes.map(({ passed }) => ({
    passed,
    reduces: false,
    times: 1,
  }));
  const playedPasses = playedOf(line.acts, batches);
  const step = [...line.acts, clearOf({ trained }, playedPasses)];
  const begin = (act: "take" | "free") => (buffer: Buffer): Act => ({
    act,
    phase: "forward",
    at: "embeddings",
    buffer,
  });
  return {
    program: {
      load: loadActs(onDevice(inventory)),
      first: [
        ...workspaceActs(question.workspaces),
        ...pipeline.standing().map(begin("take")),
        ...firstStep(
          step,
          policy.offloads ? [] : stateActs(stepped, scenario),
        ),
      ],
      step: [...pipeline.kept().map(begin("free")), ...step],
      alternates: true,
      ...lengthOf(playedPasses, stepped),
    },
    ...(isSharded ? { groups: fsdpGroups(policy, mesh.tp) } : {}),
    hostBytes: 0,
  };
}

/** The units of a chunk: what is around layers goes with the chunk that has it. */
function unitsOfChunk(
  all: readonly Unit[],
  chunks: readonly Chunk[],
  at: number,
): Unit[] {
  const chunk = chunks[at];
  const from = chunks.slice(0, at).reduce(
    (sum, { layers }) => sum + layers.length,
    0,
  );
  const around = all.filter(({ stack }) => stack === null);
  const layers = all.filter(({ stack }) => stack !== null);
  return [
    ...(chunk?.first || chunk?.last ? around : []),
    ...layers.slice(from, from + (chunk?.layers.length ?? 0)),
  ];
}

function pipedChunk(
  chunk: Chunk,
  units: readonly Unit[],
  own: StepPlan,
  lossOutside: boolean,
  passes: PipedPass[],
  record: (micro: number) => Stack,
): PipedChunk {
  const stacks = new Map<boolean, Stack>();
  const known = new Map<number, PipedPass>();
  const passOf = (micro: number): PipedPass => {
    const before = known.get(micro);
    if (before) return before;
    const isFirst = micro === 0;
    const stack = stacks.get(isFirst) ?? record(micro);
    stacks.set(isFirst, stack);
    const passed = passActs({ stacks: [stack], hostBytes: 0 });
    const within = unitsIn(units, own, passed.instances);
    const beats = beatsOf(passed, within, chunk.last && lossOutside);
    const at = beats.findIndex(isBackward);
    const made: PipedPass = {
      passed,
      forward: beats.slice(0, at),
      backward: beats.slice(at),
      gradients: gradientsIn(passed.instances, within),
    };
    known.set(micro, made);
    passes.push(made);
    return made;
  };
  return { chunk, units, passOf };
}

function isBackward(beat: Beat): boolean {
  if ("run" in beat) return beat.run.phase === "backward";
  return "moment" in beat && beat.moment.endsWith("backward");
}
