/**
 * What the dump asks of lib/ beside lib/mod.ts. All its other files import lib/
 * through here, so that a moved file is a changed line of this one alone.
 *
 * @module
 */
export * from "../../lib/mod.ts";
export { accuracyOf } from "../../lib/ask/accuracy.ts";
export { costOf } from "../../lib/ask/cost.ts";
export { readCases } from "../../lib/evidence/case.ts";
export { compactConfig } from "../../lib/models/compact_config.ts";
export {
  filesOfIndex,
  modelOfGguf,
  rangesOfBlob,
  readGguf,
  readSafetensors,
} from "../../lib/models/headers/mod.ts";
export { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";
export { resolveModel } from "../../lib/models/resolve_model.ts";
export {
  CONFIG_FILES,
  DEFAULT_TABLES,
  parseTablesConfig,
} from "../../lib/ask/tables/config.ts";
export { tablesOf } from "../../lib/ask/tables/mod.ts";
export {
  opinionRows,
  scenarioOf,
  USES,
} from "../../lib/ask/tables/opinions.ts";
export { parseTablesSettings } from "../../lib/ask/tables/settings.ts";
export { Matcher, readPattern } from "../../lib/patterns/mod.ts";
