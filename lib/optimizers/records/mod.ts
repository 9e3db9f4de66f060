import type { OptimizerName } from "../../scenario/optimizers.ts";
import type { OptimizerRecord } from "../record.ts";
import { ADAM } from "./adam.ts";
import { FACTORED } from "./factored.ts";
import { FLASH } from "./flash.ts";
import { GRADIENT_DESCENT } from "./gradient_descent.ts";
import { LOW_RANK } from "./low_rank.ts";
import { MATRICES } from "./matrices.ts";
import { MOMENTS } from "./moments.ts";
import { OPTIMI } from "./optimi.ts";
import { SCHEDULE_FREE } from "./schedule_free.ts";
import { SQUARES } from "./squares.ts";

/** Each optimizer's record; the type asks for one of every name of a Scenario. */
export const RECORDS: Readonly<Record<OptimizerName, OptimizerRecord>> = {
  ...ADAM,
  ...OPTIMI,
  ...MOMENTS,
  ...FLASH,
  ...SCHEDULE_FREE,
  ...GRADIENT_DESCENT,
  ...SQUARES,
  ...FACTORED,
  ...LOW_RANK,
  ...MATRICES,
};
