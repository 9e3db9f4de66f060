/**
 * Headroom's estimator: a Scenario goes in, an Estimate comes out. Pure: no
 * network, no files, no runtime of its own.
 *
 * @module
 */
export { estimate, estimateScenario, tryEstimate } from "./estimate.ts";
export type {
  Basis,
  Estimate,
  Fit,
  KvCache,
  Memory,
  Part,
} from "./estimate_type.ts";
export { fullness, RECOMMENDED, tierFor, TIERS_GIB } from "./hardware/fit.ts";
export type { Fullness } from "./hardware/fit.ts";
export { findGpu, GPUS, GPUS_BY_MEMORY } from "./hardware/gpus.ts";
export type { Gpu } from "./hardware/gpus.ts";
export { CATALOGUE, findModel, searchModels } from "./models/catalogue.ts";
export type { CatalogueEntry } from "./models/catalogue.ts";
export { DEFAULT_SCENARIO } from "./scenario/default_scenario.ts";
export { parseScenario } from "./scenario/parse_scenario.ts";
export type { Result, ScenarioInput } from "./scenario/parse_scenario.ts";
export { ScenarioError } from "./scenario/problem.ts";
export type { Problem } from "./scenario/problem.ts";
export { fromQuery, toQuery } from "./scenario/query.ts";
export type { Scenario } from "./scenario/schema.ts";
