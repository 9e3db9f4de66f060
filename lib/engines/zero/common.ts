import { stateActs, temporaryActs } from "../../optimizers/step_acts.ts";
import type { Stepped } from "../../optimizers/step_acts.ts";
import type { Trained } from "../../optimizers/rule.ts";
import type { Implementation } from "../../optimizers/rule.ts";
import type { PartName } from "../../answer/parts.ts";
import type { CollectiveName } from "../../answer/traffic.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type {
  Act,
  Collective,
  Free,
  Run,
  Take,
} from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import type { PassActs } from "../../play/program/pass.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { clearOf, lengthOf, workspaceActs } from "../acts.ts";
import type { HostPart, RankAnswer, RankQuestion } from "../engine.ts";

/** When acts happen. */
export type When = Pick<Run, "phase" | "at"> | Pick<Take, "phase" | "at">;

/** The optimizer's step. */
export const STEP = { phase: "optimizer", at: "optimizer" } as const;

/** The end of a backward pass. */
export const BACKWARD_END = { phase: "backward", at: "embeddings" } as const;

/** What ranks gather of each other once each has stepped its own. */
export const UPDATED = "updated parameters";

/** Before the first step. */
export const LOAD = { phase: "load", at: "load" } as const;

/**
 * One tensor of so many elements.
 *
 * @param stream That it is taken on, beside the one that computes.
 */
export function tensor(
  part: PartName,
  label: string,
  elements: number,
  dtype: Dtype | "fp64",
  stream?: string,
): Buffer {
  const group = { part, label, count: 1, elements };
  const each = dtype === "fp64" ? 8 : DTYPE_BYTES[dtype];
  const bytes = roundedBytes(each * elements);
  return bufferOf(label, [{ group, bytes }], 1, stream);
}

/** A tensor of a few bytes, such as a flag of a kernel's. */
export function flag(label: string): Buffer {
  const group = {
    part: "optimizer states",
    label,
    count: 1,
    elements: null,
  } as const;
  return bufferOf(label, [{ group, bytes: roundedBytes(4) }]);
}

export function take(buffer: Buffer, when: When): Take {
  return { act: "take", ...when, buffer };
}

export function free(buffer: Buffer, when: When): Free {
  return { act: "free", ...when, buffer };
}

/** Data-parallel ranks exchange an array of so many elements. */
export function exchange(
  collective: CollectiveName,
  what: string,
  { elements, dtype, times = 1 }: {
    elements: number;
    dtype: Dtype;
    times?: number;
  },
  when: When,
): Collective {
  return {
    act: "collective",
    ...when,
    collective,
    group: "data",
    bytes: elements * DTYPE_BYTES[dtype],
    times,
    what,
  };
}

/** Buffers that come and go at once. */
export function transient(
  buffers: readonly Buffer[],
  when: When,
): (Take | Free)[] {
  const some = buffers.filter(({ bytes }) => bytes > 0);
  return [
    ...some.map((buffer) => take(buffer, when)),
    ...some.map((buffer) => free(buffer, when)),
  ];
}

/** A flat fp32 copy of parameters that a rank steps, as the optimizer sees it. */
export function flatTrained(elements: number, copies = 1): Trained {
  return {
    name: "partition of parameters",
    shape: [elements],
    elements,
    dtype: "fp32",
    copies,
    embedding: false,
    hidden: false,
  };
}

/**
 * What runs the step: DeepSpeed's own optimizer is a fused kernel.
 *
 * Source: deepspeed/ops/adam/fused_adam.py
 */
export function implementationIn(
  { scenario, rule, implementation }: RankQuestion,
): Implementation {
  return scenario.optimizer.implementation === "deepspeed" &&
      rule.implementations.includes("fused")
    ? "fused"
    : implementation;
}

/** DeepSpeed's fused kernels keep a flag, which they set where a number overflows. */
export function kernelFlags(
  { scenario }: RankQuestion,
  isStepped: boolean,
): Take[] {
  return scenario.optimizer.implementation === "deepspeed" && isStepped
    ? [take(flag("overflow flag of FusedAdam"), LOAD)]
    : [];
}

/** States of flat parameters; the kernels of DeepSpeed count steps on the host. */
export function flatStates(question: RankQuestion, stepped: Stepped): Take[] {
  const { optimizer, precision } = question.scenario;
  const implementation = optimizer.implementation === "deepspeed"
    ? "foreach"
    : stepped.implementation;
  return stateActs({ ...stepped, implementation }, {
    optimizer,
    precision: { ...precision, master_weights: "none" },
  });
}

/** What a step of flat parameters makes beside them. */
export function flatTemporaries(
  { scenario }: RankQuestion,
  stepped: Stepped,
): Act[] {
  return temporaryActs(stepped, scenario.optimizer.name);
}

/** A program's pieces. */
export interface Pieces {
  readonly load: readonly Take[];
  readonly step: readonly Act[];
  /** What the first step makes that stays. */
  readonly states: readonly Act[];
  /** Taken in the first step for ever, beside the optimizer's states. */
  readonly kept?: readonly Take[];
  readonly passes: readonly PassActs[];
  readonly stepped: Stepped;
  readonly hostBytes: number;
  readonly host?: readonly HostPart[];
  readonly assumptions?: readonly string[];
}

/** Puts an answer together. */
export function answerOf(
  { workspaces }: RankQuestion,
  { load, step, states, kept = [], passes, stepped, ...rest }: Pieces,
): RankAnswer {
  const whole = [...step, clearOf(stepped, passes)];
  return {
    program: {
      load,
      first: [
        ...workspaceActs(workspaces),
        ...kept,
        ...withStates(whole, states),
      ],
      step: whole,
      ...lengthOf(passes, stepped),
    },
    trained: stepped.trained,
    ...rest,
  };
}

/** The optimizer makes its states once the last micro-batch is reduced. */
function withStates(step: readonly Act[], states: readonly Act[]): Act[] {
  const begin = step.findLastIndex(({ phase }) => phase === "backward") + 1;
  return [...step.slice(0, begin), ...states, ...step.slice(begin)];
}

/**
 * The engine is asked to step after each micro-batch, and steps after the last.
 *
 * Source: deepspeed/runtime/engine.py, step
 */
export const STEP_ASKED: Take = take(
  bufferOf("step asked for", []),
  STEP,
);
