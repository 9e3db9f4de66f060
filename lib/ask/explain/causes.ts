import type { Estimate } from "../../answer/estimate.ts";
import type { ErrorCause } from "../../answer/explanation.ts";
import type { Step } from "../../engines/step.ts";
import { playStep } from "../../rollouts/played.ts";
import type { Failure } from "../../failures/failure.ts";
import type { FailureReading } from "../../failures/read.ts";
import { usableBytes } from "../../hardware/gpus.ts";
import { uncoveredBy } from "../../methods/timeline/uncovered_by.ts";
import type { Model } from "../../models/model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { asPrinted } from "../../units/mod.ts";
import { isSmall, mayBe } from "./allocator_sizes.ts";
import { heldByOthers } from "./figures.ts";
import { placeWords } from "./place_words.ts";
import type { PlayedTensor } from "./played_tensors.ts";
import { playedTensors } from "./played_tensors.ts";
import { servedTensors } from "./served_tensors.ts";
import type { SizedTensors } from "./sized_tensors.ts";
import { sizedTensors } from "./sized_tensors.ts";
import { asProduct, batchOf } from "./terms.ts";
import { weightTensors } from "./weight_tensors.ts";

/**
 * Finds which tensors of a scenario have the size that was asked for: by playing its
 * step, else by the dimensions of its model.
 *
 * @param isOpen Whether nobody said how many tokens there are.
 */
export function causesOf(
  reading: FailureReading,
  scenario: Scenario,
  model: Model,
  estimate: Estimate,
  isOpen: boolean,
): SizedTensors {
  const { failure, moment } = reading;
  if (failure.kind === "host" || failure.kind === "shared") return NONE;
  if (scenario.task === "serve") {
    const served = servedTensors(reading, estimate, scenario, model);
    if (served.length > 0) return exactly(served);
  }
  const { tried } = failure;
  if (failure.kind === "table") {
    return exactly(playedCauses(reading, scenario, model));
  }
  if (!tried || failure.kind !== "allocation" || isSmall(tried)) return NONE;
  const played = playedCauses(reading, scenario, model);
  if (played.length > 0) return exactly(played);
  const isLoading = moment?.name === "load" || moment?.name === "set-up";
  const weights = weightTensors(model, scenario, tried);
  const sized = sizedTensors(model, scenario, tried, moment, isOpen);
  if (isLoading) return exactly(weights);
  const isUnsaid = scenario.task === "serve" && moment === null;
  return {
    causes:
      (isUnsaid ? [...weights, ...sized.causes] : [...sized.causes, ...weights])
        .slice(0, MOST_CAUSES),
    isExact: sized.isExact || weights.length > 0,
  };
}

const NONE: SizedTensors = { causes: [], isExact: false };

/** Causes that are told. */
const MOST_CAUSES = 3;

function exactly(causes: readonly ErrorCause[]): SizedTensors {
  return { causes, isExact: true };
}

function playedCauses(
  { failure, moment }: FailureReading,
  scenario: Scenario,
  model: Model,
): ErrorCause[] {
  const { tried, allocated, blocks } = failure;
  if (scenario.task !== "train" || !tried && blocks.length === 0) return [];
  if (uncoveredBy(scenario) !== null) return [];
  const step = playStep(scenario, model);
  if ("reason" in step) return [];
  if (!tried) return blockCauses(step, failure, scenario, model);
  const usable = failure.capacity?.bytes ?? usableBytes(scenario.hardware.gpu);
  const found = playedTensors(step, {
    isSize: (bytes) => mayBe(bytes, tried),
    allocated: allocated?.bytes ?? null,
    room: usable - heldByOthers(failure),
    moment,
  });
  return found.map((each) => causeOf(each, scenario, model));
}

/** The tensors that a snapshot's largest blocks are of, by their exact sizes. */
function blockCauses(
  step: Step,
  { blocks }: Failure,
  scenario: Scenario,
  model: Model,
): ErrorCause[] {
  return blocks.filter(({ bytes }) => bytes > LEAST_BLOCK).flatMap((block) => {
    const [found] = playedTensors(step, {
      isSize: (bytes) => bytes === block.bytes,
      allocated: null,
      room: null,
      moment: null,
    });
    return found ? [causeOf(found, scenario, model)] : [];
  });
}

/** Smaller blocks are of many tensors. */
const LEAST_BLOCK = 2 ** 20;

function causeOf(
  tensor: PlayedTensor,
  scenario: Scenario,
  { architecture }: Model,
): ErrorCause {
  const { label, bytes, phase } = tensor;
  const at = placeWords(tensor);
  const isParameter = phase === "load" || phase === "optimizer" ||
    /\.(?:weight|bias)\b/.test(label);
  const terms = asProduct(
    bytes,
    label,
    isParameter ? null : batchOf(scenario),
    architecture,
    scenario.parallel.tp,
  );
  return {
    tensor: label,
    bytes,
    at,
    words: `${asPrinted(bytes)}${
      terms === null ? "" : ` = ${terms}`
    }: ${label} (${at})`,
  };
}
