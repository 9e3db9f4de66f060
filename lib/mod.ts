/**
 * Headroom's estimator: a Scenario goes in, an Estimate comes out. Pure: no
 * network, no files, no runtime of its own.
 *
 * @module
 */
export { actLines } from "./ask/acts.ts";
export type { ActLine } from "./ask/acts.ts";
export { advice, adviceInTurns, wantsAdvice } from "./ask/advice/advice.ts";
export type { AdviceOptions } from "./ask/advice/advice.ts";
export { align } from "./ask/compare/align.ts";
export type { Aligned } from "./ask/compare/align.ts";
export { differencesOf, MAX_COMPARED } from "./ask/compare/differences.ts";
export type { Difference } from "./ask/compare/differences.ts";
export { estimate, estimateScenario, tryEstimate } from "./ask/estimate.ts";
export type { Wanted } from "./ask/estimate.ts";
export { FITS, readFit, withFit } from "./ask/fit_asked.ts";
export type { FitAsked } from "./ask/fit_asked.ts";
export { CACHES_AS_ASKED } from "./answer/serving.ts";
export type {
  DeviceShare,
  KvCache,
  Serving,
  SettingValue,
} from "./answer/serving.ts";
export type { Capacity, ContextCapacity } from "./answer/capacity.ts";
export type {
  Advice,
  AdvisedChange,
  AdvisedSet,
  AdvisedValue,
} from "./answer/advice.ts";
export type { Opinion } from "./answer/opinion.ts";
export type {
  Basis,
  Estimate,
  Host,
  HostMoments,
  Memory,
  Paged,
  Part,
  Phase,
  RankRow,
} from "./answer/estimate.ts";
export type { MemoryCounter } from "./evidence/figure.ts";
export { isOneTotal } from "./evidence/figure.ts";
export { nearestRuns } from "./evidence/nearest.ts";
export type { NearReading, NearRun } from "./evidence/nearest.ts";
export {
  fullness,
  heldBytes,
  RECOMMENDED,
  tierFor,
  TIERS,
} from "./hardware/fit.ts";
export type { Fit, Fullness, Tier } from "./hardware/fit.ts";
export { findGpu, GPUS, GPUS_BY_MEMORY, searchGpus } from "./hardware/gpus.ts";
export type { Gpu } from "./hardware/gpus.ts";
export {
  ASKED,
  fieldProblem,
  howFar,
  INVERSE_FIELDS,
} from "./ask/largest/fields.ts";
export type { InversePath } from "./ask/largest/fields.ts";
export { largest, largestInTurns } from "./ask/largest/largest.ts";
export type { Largest, LargestOptions, Tried } from "./ask/largest/largest.ts";
export { explain, explainInTurns, readError } from "./ask/explain/explain.ts";
export type { ErrorScenario } from "./ask/explain/explain.ts";
export type { ReadError } from "./ask/explain/read_error.ts";
export type {
  ErrorCause,
  ErrorFigures,
  Explanation,
  FilledField,
} from "./answer/explanation.ts";
export { strategies, strategiesInTurns } from "./ask/strategies/strategies.ts";
export type {
  GpuLayout,
  GpuLayouts,
  LayoutProgress,
  LayoutsAsked,
} from "./ask/strategies/layout.ts";
export {
  isCalculatorConfig,
  readCalculatorConfig,
} from "./interop/memory_calculator/config.ts";
export type { CalculatorConfigRead } from "./interop/memory_calculator/config.ts";
export { inConfigWords } from "./interop/memory_calculator/problem_words.ts";
export {
  CALCULATOR_PRESETS,
  findPreset,
  scenarioOfPreset,
} from "./interop/memory_calculator/presets.ts";
export type { CalculatorPreset } from "./interop/memory_calculator/presets.ts";
export { calculatorsModelOfSize } from "./interop/memory_calculator/sizes.ts";
export { CATALOGUE, findModel } from "./models/catalogue.ts";
export { searchModels, similarModels } from "./models/names/search_models.ts";
export type { CatalogueEntry } from "./models/catalogue.ts";
export type { Config } from "./models/config.ts";
export { modelOfSize } from "./models/model_of_size.ts";
export type { SizedModel } from "./models/model_of_size.ts";
export { kindsOf } from "./models/kinds.ts";
export { describeField } from "./scenario/describe_field.ts";
export { fieldAt, FIELDS } from "./scenario/field_list.ts";
export type { Field } from "./scenario/field_list.ts";
export { GROUPS, TAB_TITLES } from "./scenario/groups.ts";
export type { FieldGroup, GroupId, TabId } from "./scenario/groups.ts";
export { holds, pathsOf } from "./scenario/needs.ts";
export type { Need, ValueAt } from "./scenario/needs.ts";
export type { FieldValues } from "./scenario/values_of.ts";
export type { Model } from "./models/model.ts";
export {
  BLANK_SCENARIO,
  DEFAULT_SCENARIO,
} from "./scenario/default_scenario.ts";
export { NOT_KNOWN } from "./interop/reading/apply_format.ts";
export { EXPORTS } from "./interop/tools.ts";
export { exportScenario } from "./interop/write_configuration.ts";
export type {
  Exported,
  ExportFormat,
  ExportSyntax,
} from "./interop/writing/exported.ts";
export {
  scenarioOfConfiguration,
  scenarioOfConfigurations,
} from "./interop/read_configurations.ts";
export type {
  Assumed,
  Configuration,
  Ignored,
  Imported,
  LogFigure,
  LogFigureName,
  Missing,
  Understood,
} from "./interop/reading/imported.ts";
export { besideLog } from "./ask/beside_log.ts";
export type { BesideLog } from "./ask/beside_log.ts";
export {
  scenarioJsonSchema,
  shortScenarioJsonSchema,
} from "./scenario/json_schema.ts";
export type { JsonSchema } from "./scenario/json_schema.ts";
export { parseScenario } from "./scenario/parse_scenario.ts";
export type { Result, ScenarioInput } from "./scenario/parse_scenario.ts";
export { ScenarioError } from "./scenario/problem.ts";
export type { Problem } from "./scenario/problem.ts";
export { refusalOf } from "./scenario/refusal.ts";
export type { Refusal } from "./scenario/refusal.ts";
export { PRESETS } from "./scenario/presets.ts";
export type { Preset } from "./scenario/presets.ts";
export { readBoolean } from "./scenario/flag_readers.ts";
export type { Settings } from "./scenario/flag_readers.ts";
export { FLAGS } from "./scenario/flags.ts";
export type { Flag } from "./scenario/flag.ts";
export { flagMessage, fromFlags } from "./scenario/from_flags.ts";
export type { GivenFlag } from "./scenario/from_flags.ts";
export { fromQuery, toQuery } from "./scenario/query.ts";
export { QUANTIZATIONS } from "./scenario/quantizations.ts";
export type { Scenario } from "./scenario/schema.ts";
export { toInput } from "./scenario/to_input.ts";
export { toCommand } from "./scenario/to_command.ts";
export { leavesOf, putAt } from "./scenario/walk.ts";
export type { Leaf } from "./scenario/walk.ts";
export {
  asPrinted,
  formatBytes,
  formatCount,
  GIB,
  groupDigits,
  parseCount,
  parseGib,
} from "./units/mod.ts";
export type { Curve, CurvePoint } from "./answer/curve.ts";
export { PARTS } from "./answer/parts.ts";
export { trafficTime } from "./ask/traffic_time.ts";
export type {
  Bandwidths,
  Flow,
  Traffic,
  TrafficTime,
} from "./answer/traffic.ts";
