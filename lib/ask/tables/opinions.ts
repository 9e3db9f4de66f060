import type { Estimate } from "../../answer/estimate.ts";
import type { MethodName } from "../../methods/mod.ts";
import { METHOD_BY_NAME } from "../../methods/mod.ts";
import type { Result, ScenarioInput } from "../../scenario/parse_scenario.ts";
import { QUANTIZATIONS } from "../../scenario/quantizations.ts";
import type { TablesSettings } from "./settings.ts";

/** What a model is used for. */
export const USES = ["inference", "training", "lora"] as const;

/** One of them. */
export type Use = typeof USES[number];

/** What one method says of one use. */
export interface UseOpinion {
  /** Null where the method does not model it. */
  bytes: number | null;
  /** Why not. */
  reason: string | null;
}

/** What one method says of every use. */
export type MethodOpinions = { method: MethodName } & Record<Use, UseOpinion>;

/** What was answered for every use, each with its second opinions. */
export type UseEstimates = Record<Use, Result<Estimate>>;

const FLOATS = ["fp32", "bf16", "fp16"] as const;

/** The data type of the second opinions: the one that is asked for, or bf16. */
export function opinionType({ dtype }: Pick<TablesSettings, "dtype">): string {
  const [only, ...others] = dtype;
  const isKnown = only !== undefined && others.length === 0 &&
    [...FLOATS, ...QUANTIZATIONS].some((each) => each === only);
  return isKnown ? only : "bf16";
}

/** The scenario of a use of the model, with the batch and length asked for. */
export function scenarioOf(
  use: Use,
  settings: TablesSettings,
): ScenarioInput {
  const { model, batch_size, sequence_length, lora_rank } = settings;
  const type = opinionType(settings);
  const float = FLOATS.find((each) => each === type);
  const common = {
    model,
    ...(float ? { precision: { weights: float } } : {
      quantization: { weights: type },
    }),
    method: "rule-of-thumb" as const,
    rule_of_thumb: { count: settings.count },
  };
  if (use === "inference") {
    return {
      ...common,
      task: "serve",
      serve: {
        batch: batch_size,
        input_tokens: sequence_length,
        output_tokens: 0,
      },
    };
  }
  return {
    ...common,
    train: {
      method: use === "lora" ? "lora" : "full",
      micro_batch: batch_size,
      sequence_length,
      ...(use === "lora" ? { lora: { rank: lora_rank } } : {}),
    },
  };
}

/** What every method says of every use, one method a row. */
export function opinionRows(estimates: UseEstimates): MethodOpinions[] {
  return (Object.keys(METHOD_BY_NAME) as MethodName[]).map((method) => ({
    method,
    inference: opinionOf(method, estimates.inference),
    training: opinionOf(method, estimates.training),
    lora: opinionOf(method, estimates.lora),
  }));
}

function opinionOf(method: MethodName, result: Result<Estimate>): UseOpinion {
  if (!result.ok) {
    const reason = result.problems.map(({ message }) => message).join("; ");
    return { bytes: null, reason };
  }
  const { method: answered, memory, opinions = [] } = result.value;
  if (answered === method) {
    return { bytes: memory.device_peak_bytes, reason: null };
  }
  const other = opinions.find((each) => each.method === method);
  return {
    bytes: other?.device_peak_bytes ?? null,
    reason: other ? other.uncovered : "it was not asked",
  };
}
