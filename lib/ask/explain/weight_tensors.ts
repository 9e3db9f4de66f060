import type { Printed } from "../../failures/printed.ts";
import type { Model } from "../../models/model.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { asPrinted, groupDigits } from "../../units/mod.ts";
import { mayBe } from "./allocator_sizes.ts";
import type { ErrorCause } from "../../answer/explanation.ts";
import { product } from "./terms.ts";

/** Bytes of a number as weights are stored or held. */
const WIDTHS = [2, 4, 1, 0.5];

/** Tensors that engines keep as one, by their ends. */
const TOGETHER: readonly (readonly [name: string, roles: readonly string[]])[] =
  [
    ["queries, keys and values as one", ["q", "k", "v"]],
    ["gate and up projections as one", ["gate", "up"]],
  ];

/** Tensors that are told. */
const MOST_TOLD = 2;

/**
 * Finds parameters whose size was asked for: as the model has them, or as engines
 * join them, whole or split by tensor parallelism.
 */
export function weightTensors(
  model: Model,
  { parallel: { tp, gpus }, precision }: Scenario,
  tried: Printed,
): ErrorCause[] {
  const widths = precision.weights === "fp32" ? [4, 2, 1, 0.5] : WIDTHS;
  for (const width of widths) {
    const found = ofWidth(model, { tp, gpus }, tried, width);
    if (found.length > 0) return found.slice(0, MOST_TOLD);
  }
  return [];
}

/** Those that have so many bytes a number. */
function ofWidth(
  model: Model,
  { tp, gpus }: { readonly tp: number; readonly gpus: number },
  tried: Printed,
  width: number,
): ErrorCause[] {
  const found: ErrorCause[] = [];
  const add = (
    tensor: string,
    shape: readonly number[],
    over: number,
  ) => {
    const elements = shape.reduce((all, size) => all * size, 1);
    for (const ranks of over > 1 ? [over, 1] : [1]) {
      const bytes = elements * width / ranks;
      if (!Number.isInteger(bytes) || !mayBe(bytes, tried)) continue;
      const split = ranks > 1 ? ` / ${groupDigits(ranks)} GPUs` : "";
      found.push({
        tensor,
        bytes,
        at: "while the model is loaded",
        words: `${asPrinted(bytes)} = ${
          product(shape, width)
        }${split}: ${tensor}`,
      });
      return;
    }
  };
  for (const { name, shape, split } of model.tensors) {
    add(name, shape, split === null ? 1 : tp);
  }
  for (const [name, roles] of TOGETHER) {
    const parts = roles.map((role) => model.tensors.find(isOf(role)));
    const shapes = parts.flatMap((each) => each ? [each.shape] : []);
    const [own] = shapes;
    if (!own || shapes.length < roles.length) continue;
    const rows = shapes.reduce((sum, [first = 0]) => sum + first, 0);
    add(name, [rows, ...own.slice(1)], tp);
  }
  // ZeRO and FSDP lay parameters out one after the other.
  add("all parameters as one", [model.parameters], gpus);
  return found;
}

/** A weight of the language model that has a role, and is no routed expert's. */
function isOf(role: string): (tensor: Tensor) => boolean {
  return (tensor) =>
    tensor.role === role && tensor.shape.length === 2 && !tensor.expert &&
    tensor.piece === "language_model";
}
