import type { Scenario } from "../scenario/schema.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Act, Take } from "../play/program/act.ts";
import type { Buffer, Group } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";
import type { OptimizerRule, Trained } from "./rule.ts";
import { statePrecision, statesOf } from "./rules.ts";
import type { Implementation } from "./rule.ts";

/** An optimizer and what it steps. */
export interface Stepped {
  readonly rule: OptimizerRule;
  readonly implementation: Implementation;
  readonly trained: readonly Trained[];
}

/** Elements of all tensors. */
export function elementsIn(trained: readonly Trained[]): number {
  return trained.reduce((sum, each) => sum + each.copies * each.elements, 0);
}

/** The states that an optimizer makes in its first step, and keeps. */
export function stateActs(
  { rule, implementation, trained }: Stepped,
  { optimizer, precision }: Pick<Scenario, "optimizer" | "precision">,
): Take[] {
  const group: Group = {
    part: "optimizer states",
    label: `states of ${optimizer.name}`,
    count: 1,
    elements: elementsIn(trained),
  };
  const own = statePrecision(precision);
  return trained.map((tensor) =>
    take(bufferOf(
      tensor.name,
      statesOf(rule, implementation, tensor, own).map((bytes) => ({
        group,
        bytes: roundedBytes(bytes),
      })),
      tensor.copies,
    ))
  ).filter(({ buffer }) => buffer.bytes > 0);
}

/**
 * What a step makes and frees beside parameters, gradients and states: foreach makes
 * its temporaries of all tensors at once; a loop makes one tensor's while its names
 * still hold some of the tensor before; a fused kernel makes none.
 *
 * Source: pytorch torch/optim/adamw.py, _multi_tensor_adamw and
 * _single_tensor_adamw
 */
export function temporaryActs(
  { rule, implementation, trained }: Stepped,
  name: string,
): Act[] {
  const group: Group = {
    part: "optimizer temporaries",
    label: `temporaries of ${name}, ${implementation}`,
    count: 1,
    elements: implementation === "foreach" ? elementsIn(trained) : null,
  };
  switch (implementation) {
    case "fused":
      return [];
    case "foreach":
      return ofAllAtOnce(rule, trained, group);
    case "for-loop":
      return oneAfterTheOther(rule, trained, group);
  }
}

/** The most bytes that a step's temporaries reach. */
export function temporaryBytes(stepped: Stepped): number {
  let standing = 0;
  let most = 0;
  for (const act of temporaryActs(stepped, "")) {
    if (act.act === "take") standing += act.buffer.bytes;
    else if (act.act === "free") standing -= act.buffer.bytes;
    most = Math.max(most, standing);
  }
  return most;
}

function ofAllAtOnce(
  rule: OptimizerRule,
  trained: readonly Trained[],
  group: Group,
): Act[] {
  const all = trained.map((tensor) =>
    bufferOf(
      tensor.name,
      [{ group, bytes: roundedBytes(rule.foreach(tensor)) }],
      tensor.copies,
    )
  ).filter(({ bytes }) => bytes > 0);
  const ones = trained.map((tensor) =>
    bufferOf(
      tensor.name,
      rule.foreachOne(tensor).map((bytes) => ({
        group,
        bytes: roundedBytes(bytes),
      })),
    )
  ).filter(({ bytes }) => bytes > 0);
  return [
    ...all.map(take),
    ...ones.flatMap((buffer) => [take(buffer), free(buffer)]),
    ...all.map(free),
  ];
}

/** Of tensors that are alike, one stands for all: the others do the same again. */
function oneAfterTheOther(
  rule: OptimizerRule,
  trained: readonly Trained[],
  group: Group,
): Act[] {
  const acts: Act[] = [];
  let before: Buffer | null = null;
  for (const tensor of trained) {
    const own = roundedBytes(rule.own(tensor));
    const kept = Math.min(own, roundedBytes(rule.kept(tensor)));
    const [stays, goes] = [kept, own - kept].map((bytes) =>
      bufferOf(tensor.name, [{ group, bytes }])
    ) as [Buffer, Buffer];
    acts.push(take(stays), take(goes));
    if (before) acts.push(free(before));
    acts.push(free(goes));
    before = stays;
  }
  if (before) acts.push(free(before));
  return acts.filter((act) => !("buffer" in act) || act.buffer.bytes > 0);
}

function take(buffer: Buffer): Take {
  return { act: "take", phase: "optimizer", at: "optimizer", buffer };
}

function free(buffer: Buffer): Act {
  return { act: "free", phase: "optimizer", at: "optimizer", buffer };
}
