import type { Estimate } from "../estimate_type.ts";
import type { MethodName } from "../methods/mod.ts";
import { METHODS } from "../methods/mod.ts";
import type { Result, ScenarioInput } from "../scenario/parse_scenario.ts";
import { QUANTIZATIONS } from "../scenario/schema.ts";
import type { TablesSettings } from "./settings.ts";

/** What a model is used for. */
export const USES = ["inference", "training", "lora"] as const;

/** One of them. */
export type Use = typeof USES[number];

/** What one method says of one use. */
export interface Opinion {
  /** Null where the method does not model it. */
  bytes: number | null;
  /** Why not. */
  reason: string | null;
}

/** What one method says of every use. */
export type MethodOpinions = { method: MethodName } & Record<Use, Opinion>;

/** Answers a Scenario's input, wherever its model is known from. */
export type Estimator = (input: ScenarioInput) => Promise<Result<Estimate>>;

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
export async function opinionsOf(
  settings: TablesSettings,
  estimate: Estimator,
): Promise<MethodOpinions[]> {
  const rows: MethodOpinions[] = [];
  for (const method of Object.keys(METHODS) as MethodName[]) {
    const said = {} as Record<Use, Opinion>;
    for (const use of USES) {
      said[use] = opinionOf(
        method,
        await estimate({ ...scenarioOf(use, settings), method }),
      );
    }
    rows.push({ method, ...said });
  }
  return rows;
}

function opinionOf(method: MethodName, result: Result<Estimate>): Opinion {
  if (!result.ok) {
    return {
      bytes: null,
      reason: result.problems.map(({ message }) => message).join("; "),
    };
  }
  const { value } = result;
  if (value.method === method) {
    return { bytes: value.memory.device_peak_bytes, reason: null };
  }
  const why = value.warnings.find((each) => each.includes(", because "))
    ?.match(/, because (.*): the \S+ method answered$/)?.[1];
  return { bytes: null, reason: why ?? "it does not model this" };
}
