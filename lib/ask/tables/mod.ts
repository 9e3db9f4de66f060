import type { Estimate } from "../../answer/estimate.ts";
import { parametersByDimensions } from "../../methods/rule_of_thumb/parameters.ts";
import type { TablesConfig } from "./config.ts";
import type { Recommendation } from "./recommendations.ts";
import { recommendationsOf } from "./recommendations.ts";
import type { TypeRow } from "./rows.ts";
import { typeRows } from "./rows.ts";
import type { TablesSettings } from "./settings.ts";
import type { Strategy } from "./strategies.ts";
import { strategiesOf } from "./strategies.ts";

/** What the tables say of one model. All figures are bytes. */
export interface Tables {
  model: string;
  type: string;
  /** What the rows count: by tensors or by dimensions, as it was asked for. */
  parameters: number;
  parameters_by_tensors: number;
  parameters_by_dimensions: number;
  rows: TypeRow[];
  /** The row that strategies and recommendations are for. */
  chosen: TypeRow;
  strategies: Strategy[];
  recommendations: Recommendation[];
}

/** The data types that strategies are shown for, the first that is there. */
const PREFERRED = ["bf16", "fp16", "fp32"];

/**
 * Makes the tables of a model: each data type by use, ways to spread it over
 * GPUs, and the GPUs that hold it.
 */
export function tablesOf(
  model: Estimate["model"],
  { dtype, lora_rank, count }: TablesSettings,
  config: TablesConfig,
): Tables {
  const byDimensions = parametersByDimensions(model.architecture);
  const parameters = count === "dimensions" ? byDimensions : model.parameters;
  const rows = typeRows(parameters, lora_rank, config, dtype);
  const chosen = PREFERRED.map((type) => rows.find((row) => row.type === type))
    .find((row) => row !== undefined) ?? rows[0];
  // Settings name only types that there are, and a configuration has one.
  if (!chosen) throw new RangeError("Cannot make a table of no data types");
  return {
    model: model.name,
    type: model.type,
    parameters,
    parameters_by_tensors: model.parameters,
    parameters_by_dimensions: byDimensions,
    rows,
    chosen,
    strategies: strategiesOf(
      chosen.inference_bytes,
      model.architecture.experts,
    ),
    recommendations: recommendationsOf(chosen, config),
  };
}
