import type { AdaptedLinear } from "../../play/torch/ops/adapted_linear.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { MatrixPart } from "../../software/megatron/shares.ts";
import type { Adaptable, LoraCuts } from "./adapters.ts";
import { adapterParts } from "./adapters.ts";

/** How many ways a rank's part of a layer is cut. */
export interface Cuts {
  readonly tp: number;
  readonly ep: number;
  readonly etp: number;
  /** Type of all parameters. */
  readonly dtype: Dtype;
  readonly fusesGradients: boolean;
  /** What LoRA adds; null where none does. */
  readonly lora: LoraCuts | null;
}

/** Transformer Engine's norm: one kernel, that keeps its input and a number a row. */
export function normPart({ weight, bias }: Norm, { dtype }: Cuts): Norm {
  const own = (given: Parameter | null) => given && { ...given, dtype };
  return {
    kind: bias ? "layer" : "compiled",
    weight: own(weight),
    bias: own(bias),
  };
}

/** A parameter of all layers' type. */
export function parameter(
  name: string,
  shape: readonly number[],
  { dtype }: Cuts,
  trains: boolean,
): Parameter {
  const elements = shape.reduce((product, size) => product * size, 1);
  return { name, shape, elements, dtype, trains };
}

/** What else there is to a matrix. */
export interface MatrixTraits {
  readonly trains?: boolean;
  readonly bias?: boolean;
  /** How many alike lie in one tensor. */
  readonly copies?: number;
  /** How it is cut where LoRA may adapt it. */
  readonly adapted?: Pick<Adaptable, "cut" | "ranks" | "parts">;
}

/** A matrix of so many outputs and inputs on this rank. */
export function matrixPart(
  name: string,
  sizes: { readonly in: number; readonly out: number },
  cuts: Cuts,
  { trains = true, bias = false, copies = 1, adapted }: MatrixTraits = {},
): MatrixPart {
  const shape = copies === 1
    ? [sizes.out, sizes.in]
    : [copies, sizes.out, sizes.in];
  return {
    name,
    ...sizes,
    weight: parameter(`${name}.weight`, shape, cuts, trains),
    bias: bias ? parameter(`${name}.bias`, [sizes.out], cuts, trains) : null,
    adapters: adapted
      ? adapterParts({ name, ...sizes, ...adapted }, cuts.lora, cuts.dtype)
      : [],
  };
}

/** Whether the matrix of a linear layer trains. */
export function trainsOf({ weight }: AdaptedLinear): boolean {
  return "trains" in weight && weight.trains;
}
