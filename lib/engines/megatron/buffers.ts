import type { Trained } from "../../optimizers/rule.ts";
import type { HeldParameter } from "../../plan/megatron/held.ts";
import type { PartName } from "../../answer/parts.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import type { Take } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { bufferOf } from "../../play/program/buffer.ts";

/** Each parameter begins at a multiple of so many elements of its buffer... */
const START = 64;

/** ...and the buffer ends at a multiple of this and of the ranks that share it. */
const END = 128;

/** Parameters that the same ranks hold alike, in one buffer. */
export interface ParameterPool {
  readonly name: string;
  /** Ranks that the optimizer's states are dealt out to. */
  readonly ranks: number;
  readonly held: readonly HeldParameter[];
  /** Elements of the buffer, padding among them. */
  readonly elements: number;
  /** Elements of which this rank has the optimizer's states. */
  readonly own: number;
}

/** How pools are laid out. */
export interface Pooling {
  readonly dense: number;
  readonly experts: number;
  readonly distributed: boolean;
}

/**
 * The buffers of a rank's trained parameters: those of experts are shared by other
 * ranks than the others.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/distributed/param_and_grad_buffer.py, _ParamAndGradBuffer;
 * distributed_data_parallel.py
 */
export function poolsOf(
  held: readonly HeldParameter[],
  { dense, experts, distributed }: Pooling,
): ParameterPool[] {
  const poolOf = (
    name: string,
    ranks: number,
    own: readonly HeldParameter[],
  ): ParameterPool => {
    const multiple = leastCommon(ranks, END);
    const sum = own.reduce(
      (total, { parameter, count }) =>
        total +
        (distributed
          ? count * padded(parameter.elements / count, START)
          : parameter.elements),
      0,
    );
    const elements = distributed ? padded(sum, multiple) : sum;
    return {
      name,
      ranks,
      held: own,
      elements,
      own: distributed ? elements / ranks : elements,
    };
  };
  const trained = held.filter(({ parameter }) => parameter.trains);
  return [
    poolOf("dense", dense, trained.filter(({ expert }) => !expert)),
    poolOf("experts", experts, trained.filter(({ expert }) => expert)),
  ].filter(({ elements }) => elements > 0);
}

/** What the optimizer steps of the pools: this rank's shards, in fp32. */
export function shardsOf(pools: readonly ParameterPool[]): Trained[] {
  return pools.map(({ name, own }) => ({
    name: `shard of ${name} parameters`,
    shape: [own],
    elements: own,
    dtype: "fp32",
    copies: 1,
    embedding: false,
    hidden: false,
  }));
}

/** A tensor for each pool, of so many bytes an element of the buffer or the shard. */
export function pooled(
  pools: readonly ParameterPool[],
  of: "elements" | "own",
  bytes: number,
  part: PartName,
  label: string,
): Buffer {
  return bufferOf(
    label,
    pools.map((pool) => ({
      group: { part, label, count: 1, elements: pool[of] },
      bytes: roundedBytes(bytes * pool[of]),
    })),
  );
}

/** A storage for each parameter. */
export function apart(held: readonly HeldParameter[], bytes: number): Buffer {
  const elements = held.reduce(
    (sum, { parameter }) => sum + parameter.elements,
    0,
  );
  const group = {
    part: "weights",
    label: "parameters",
    count: 1,
    elements,
  } as const;
  return bufferOf(
    "parameters",
    held.flatMap(({ parameter, count }) =>
      Array.from({ length: count }, () => ({
        group,
        bytes: roundedBytes(bytes * parameter.elements / count),
      }))
    ),
  );
}

/** Taking a buffer before the first step. */
export function loading(buffer: Buffer): Take[] {
  return buffer.bytes === 0
    ? []
    : [{ act: "take", phase: "load", at: "load", buffer }];
}

function padded(elements: number, multiple: number): number {
  return Math.ceil(elements / multiple) * multiple;
}

function leastCommon(a: number, b: number): number {
  let [greater, rest] = [a, b];
  while (rest > 0) [greater, rest] = [rest, greater % rest];
  return a / greater * b;
}
