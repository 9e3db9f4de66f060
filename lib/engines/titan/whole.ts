import { stateActs, temporaryActs } from "../../optimizers/step_acts.ts";
import { besideBuffer } from "../../plan/beside.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Act } from "../../play/program/act.ts";
import type { Pass } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import {
  clearOf,
  firstStep,
  lengthOf,
  loadActs,
  workspaceActs,
} from "../acts.ts";
import { microBatchesBy, withExchanges } from "../exchanges.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";

/** Records a micro-batch whose gradients are kept, or added to others. */
export type RecordedChunk = (accumulation: "keep" | "add") => Pass;

/**
 * Ranks that share every layer: nothing of it is gathered. The optimizer is given
 * this rank's rows of the whole table's gradient.
 */
export function wholeTitan(
  question: RankQuestion,
  own: StepPlan,
  record: RecordedChunk,
): RankAnswer {
  const { scenario, rule, implementation, workspaces } = question;
  const { inventory } = own;
  const { trained } = inventory;
  const stepped = { rule, implementation, trained };
  const passes = [passActs(record("keep"))];
  if (scenario.train.gradient_accumulation > 1) {
    passes.push(passActs(record("add")));
  }
  const rows = trained.filter(({ embedding }) => embedding).map(
    ({ elements, dtype }) =>
      besideBuffer(
        "gradients",
        "rows of a table",
        elements * DTYPE_BYTES[dtype],
      ),
  );
  const around = (act: "take" | "free") =>
    rows.map((buffer): Act => ({
      act,
      phase: "optimizer",
      at: "optimizer",
      buffer,
    }));
  const step = [
    ...withExchanges(
      passes.flatMap(({ acts }) => acts),
      microBatchesBy(passes, scenario.train.gradient_accumulation),
    ),
    ...around("take"),
    ...temporaryActs(stepped, scenario.optimizer.name),
    ...around("free"),
    clearOf(stepped, passes),
  ];
  return {
    program: {
      load: loadActs(inventory),
      first: [
        ...workspaceActs(workspaces),
        ...firstStep(step, stateActs(stepped, scenario)),
      ],
      step,
      ...lengthOf(passes, stepped),
    },
    hostBytes: 0,
  };
}
