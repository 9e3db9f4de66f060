import type { Act } from "../../play/program/act.ts";
import { passActs } from "../../play/program/pass.ts";
import { clearOf, loadActs } from "../acts.ts";
import { microBatchesBy, withExchanges } from "../exchanges.ts";
import type { RankAnswer, RankQuestion } from "../engine.ts";
import { microBatches, singleProgram } from "../single.ts";
import {
  answerOf,
  BACKWARD_END,
  exchange,
  flatStates,
  flatTemporaries,
  flatTrained,
  free,
  implementationIn,
  kernelFlags,
  LOAD,
  STEP,
  STEP_ASKED,
  take,
  tensor,
  transient,
  UPDATED,
} from "./common.ts";
import { elementsInOrder, partitionsOf } from "./parameters.ts";

/** Elements that are reduced at a time; a longer bucket ends after the tensor. */
const REDUCED = 5e8;

/**
 * ZeRO 0: every rank has and steps the whole model. 16-bit weights have an fp32 copy,
 * and states from the start.
 *
 * Sources: deepspeed/runtime/fp16/fused_optimizer.py, FP16_Optimizer;
 * deepspeed/runtime/engine.py, buffered_allreduce_fallback
 */
export function playStage0(question: RankQuestion): RankAnswer {
  const { plan, rule, scenario } = question;
  const { inventory } = plan;
  const items = inventory.items.filter(({ trains }) => trains);
  const dtype = items[0]?.dtype ?? "bf16";
  const elements = elementsInOrder(items);
  const total = elements.reduce((sum, each) => sum + each, 0);
  const passes = microBatches(question);
  const buckets = bucketsOf(elements);
  const reduced: readonly Act[] = [
    ...transient([
      tensor(
        "communication buffers",
        "gradients as they are reduced",
        elements.length > 1 ? Math.max(...buckets) : 0,
        dtype,
      ),
    ], BACKWARD_END),
    ...buckets.map((each) =>
      exchange(
        "all-reduce",
        "gradients",
        { elements: each, dtype },
        BACKWARD_END,
      )
    ),
  ];
  if (dtype === "fp32") {
    const program = singleProgram({
      ...question,
      implementation: implementationIn(question),
      inventory,
      trained: inventory.trained,
      passes,
      inBackward: false,
    });
    const woven = (acts: readonly Act[]): Act[] => {
      const begin = acts.findIndex(({ phase }) => phase === "optimizer");
      return [...acts.slice(0, begin), ...reduced, ...acts.slice(begin)];
    };
    return {
      program: {
        ...program,
        first: woven(program.first),
        step: woven(program.step),
      },
      hostBytes: passes[0]?.hostBytes ?? 0,
    };
  }
  const stepped = {
    rule,
    implementation: implementationIn(question),
    trained: [flatTrained(total)],
  };
  const played = passes.map(passActs);
  const casts = elements.map((each) =>
    tensor("gradients", "gradients in fp32", each, "fp32")
  );
  const flat = tensor("gradients", "flat gradients in fp32", total, "fp32");
  return answerOf(question, {
    load: [
      ...loadActs({
        ...inventory,
        items: inventory.items.filter(({ trains }) => !trains),
      }),
      take(tensor("weights", "flat parameters", total, dtype), LOAD),
      take(tensor("master weights", "parameters in fp32", total, "fp32"), LOAD),
      ...kernelFlags(question, true),
      ...flatStates(question, stepped).map(({ buffer }) => take(buffer, LOAD)),
    ],
    states: [],
    step: [
      ...withExchanges(
        played.flatMap(({ acts }, at): Act[] => [
          ...(at === 0 ? [] : [STEP_ASKED]),
          ...acts,
        ]),
        microBatchesBy(played, scenario.train.gradient_accumulation),
      ),
      ...reduced,
      ...casts.map((buffer) => take(buffer, STEP)),
      take(flat, STEP),
      ...casts.map((buffer) => free(buffer, STEP)),
      clearOf({ trained: inventory.trained }, played),
      ...flatTemporaries(question, stepped),
      free(flat, STEP),
    ],
    passes: [],
    stepped,
    hostBytes: passes[0]?.hostBytes ?? 0,
  });
}

/** Elements of each tensor that gradients are flattened to, to be reduced. */
function bucketsOf(elements: readonly number[]): number[] {
  const buckets: number[] = [];
  let filled = 0;
  for (const each of elements) {
    filled += each;
    if (filled <= REDUCED) continue;
    buckets.push(filled);
    filled = 0;
  }
  return filled > 0 ? [...buckets, filled] : buckets;
}

/**
 * ZeRO 1 whose gradients accumulate in fp32: a flat fp32 tensor of all gradients
 * stands from the start.
 *
 * Source: deepspeed/runtime/bf16_optimizer.py, BF16_Optimizer, clear_lp_grads
 */
export function playWideGradients(question: RankQuestion): RankAnswer {
  const { plan, mesh, rule, scenario } = question;
  const { inventory } = plan;
  const ranks = mesh.dp * mesh.cp;
  const items = inventory.items.filter(({ trains }) => trains);
  const dtype = items[0]?.dtype ?? "bf16";
  const elements = elementsInOrder(items);
  const size = partitionsOf(elements, ranks, false)[0]?.size ?? 0;
  const stepped = {
    rule,
    implementation: implementationIn(question),
    trained: [flatTrained(size)],
  };
  const passes = microBatches(question);
  const played = passes.map(passActs);
  const accumulated = transient([
    tensor(
      "gradients",
      "a gradient in fp32",
      Math.max(0, ...elements),
      "fp32",
    ),
  ], BACKWARD_END);
  const { trained } = inventory;
  const shared = { elements: size * ranks, dtype };
  return answerOf(question, {
    load: [
      ...loadActs({
        ...inventory,
        items: inventory.items.filter(({ trains }) => !trains),
      }),
      take(tensor("weights", "flat parameters", size * ranks, dtype), LOAD),
      take(
        tensor("gradients", "flat gradients in fp32", size * ranks, "fp32"),
        LOAD,
      ),
      take(tensor("master weights", "partition in fp32", size, "fp32"), LOAD),
      ...kernelFlags(question, true),
    ],
    states: flatStates(question, stepped),
    step: [
      ...withExchanges(
        // 16-bit gradients of a micro-batch are set to 0 and stand on.
        played.flatMap(({ acts }, at): Act[] => [
          ...(at === 0 ? [] : [STEP_ASKED]),
          ...acts,
          ...accumulated,
        ]),
        microBatchesBy(played, scenario.train.gradient_accumulation),
      ),
      ...transient([
        tensor(
          "communication buffers",
          "gradients as they are reduced",
          size * ranks,
          dtype,
        ),
      ], BACKWARD_END),
      exchange("all-reduce", "gradients", shared, BACKWARD_END),
      clearOf({ trained }, played),
      ...flatTemporaries(question, stepped),
      exchange("all-gather", UPDATED, shared, STEP),
    ],
    passes: [],
    stepped,
    hostBytes: passes[0]?.hostBytes ?? 0,
  });
}
