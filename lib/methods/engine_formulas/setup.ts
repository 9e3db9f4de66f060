import { namedFormat } from "../../scenario/weight_format.ts";
import type { Architecture } from "../../models/architecture.ts";
import type { Model } from "../../models/model.ts";
import type { Mesh } from "../../parallel/mesh.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { FLOAT_BYTES } from "../../models/weight_bytes.ts";

/** Which of the program's formulas for states holds. */
export type Layout =
  | "ddp"
  | "zero"
  | "fsdp"
  | "megatron"
  | "megatron-deepspeed";

/** Highest level of activation checkpointing. */
const FULL_CHECKPOINTING = 4;

/** Where `train.checkpointing` stands among the program's levels. */
export const LEVELS = {
  none: 0,
  selective: 2,
  full: FULL_CHECKPOINTING,
} as const;

/**
 * Optimizer bytes a parameter, as the program has them for the four that it knows;
 * Adam's include an fp32 copy of the weights.
 */
const OPTIMIZER_BYTES = {
  adamw: 12,
  adam: 12,
  sgd: 4,
  "sgd-momentum": 4,
} as const;
const ADAMW_8BIT_BYTES = 2;

/** Bytes of a weight in the integer types that the program trains in. */
const INTEGER_BYTES: Record<string, number> = { int8: 1, int4: 0.5 };

/** The quantities that several formulas of the method share. */
export interface EngineFormulasSetup {
  scenario: Scenario;
  model: Model;
  mesh: Mesh;
  layout: Layout;
  /** ZeRO stage of the layouts that have one; FSDP's grad_op is stage 2. */
  stage: 0 | 1 | 2 | 3;
  /** Bytes of a weight and of a gradient where nothing is sharded. */
  dtypeBytes: number;
  /** Optimizer bytes a parameter where nothing is sharded. */
  optimizerBytes: number;
  /** Parameters that ZeRO-3 and FSDP gather at a time. */
  largestLayer: number;
  /** Activation checkpointing from 0, none, to 4, full. */
  level: number;
}

/**
 * Works the shared quantities out, for a scenario that the method covers.
 *
 * Source: George614/gpu-mem-calculator@2f345d1, `core/` and `engines/`.
 */
export function setupOf(
  scenario: Scenario,
  model: Model,
  mesh: Mesh,
): EngineFormulasSetup {
  const { engine_formulas: own, precision, train } = scenario;
  return {
    scenario,
    model,
    mesh,
    ...layoutOf(scenario.engine),
    dtypeBytes: INTEGER_BYTES[namedFormat(scenario)] ??
      FLOAT_BYTES[precision.weights],
    optimizerBytes: optimizerBytes(scenario.optimizer) ?? 0,
    largestLayer: own.largest_layer_parameters ??
      largestLayer(model.architecture),
    level: own.checkpointing_level ?? LEVELS[train.checkpointing],
  };
}

/** Optimizer bytes a parameter; null for an optimizer that is not known. */
export function optimizerBytes(
  { name, bits }: Scenario["optimizer"],
): number | null {
  if (bits === 8) return name === "adamw" ? ADAMW_8BIT_BYTES : null;
  if (bits !== 32 || !Object.hasOwn(OPTIMIZER_BYTES, name)) return null;
  return OPTIMIZER_BYTES[name as keyof typeof OPTIMIZER_BYTES];
}

function layoutOf(
  { name, zero_stage, sharding }: Scenario["engine"],
): Pick<EngineFormulasSetup, "layout" | "stage"> {
  const stage = zero_stage as EngineFormulasSetup["stage"];
  const zero = (at: EngineFormulasSetup["stage"]) =>
    at === 0
      ? { layout: "ddp", stage: 0 } as const
      : { layout: "zero", stage: at } as const;
  switch (name) {
    case "auto":
    case "deepspeed":
      return zero(stage);
    case "fsdp":
    case "fsdp2":
      return sharding === "none"
        ? zero(0)
        : sharding === "grad_op"
        ? zero(2)
        : { layout: "fsdp", stage: 3 };
    case "megatron":
      return { layout: "megatron", stage: 0 };
    case "megatron-deepspeed":
      // The program takes a stage of 0 for one that is not given, which is 2.
      return { layout: "megatron-deepspeed", stage: stage === 0 ? 2 : stage };
    case "single":
    case "ddp":
      return zero(0);
  }
}

function largestLayer(architecture: Architecture): number {
  const { hidden_size, experts, expert_intermediate_size } = architecture;
  return experts > 0
    ? 2 * hidden_size * expert_intermediate_size
    : 4 * hidden_size ** 2;
}
