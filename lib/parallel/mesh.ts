import type { Architecture } from "../models/architecture.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Problem } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";
import { megatronProblems } from "./megatron.ts";
import { ulyssesProblems } from "./ulysses.ts";
import { divisorsOf, nearestMultiples, nearestOf } from "./nearest.ts";

/** How many ways each dimension of the device mesh splits the work. */
export interface Mesh {
  gpus: number;
  tp: number;
  pp: number;
  cp: number;
  ep: number;
  /** Data-parallel replicas: gpus / (tp x pp x cp). */
  dp: number;
}

/**
 * Lays the GPUs out as a mesh and checks that the model can be split that way.
 *
 * @param engine What splits it: some can less than others.
 * @returns The mesh, or every size that does not divide what it splits.
 */
export function meshOf(
  parallel: Scenario["parallel"],
  model: Architecture,
  engine: Scenario["engine"]["name"] = "auto",
): Result<Mesh> {
  const { gpus, tp, pp, cp, ep } = parallel;
  const problems: Problem[] = [];
  const refuse = (path: string, message: string): void => {
    problems.push({ path, message: `${path} ${message}` });
  };

  const replica = tp * pp * cp;
  if (gpus % replica !== 0) {
    refuse(
      "parallel.gpus",
      `must be a multiple of tp x pp x cp = ${replica}: current value is ${gpus}${
        nearestMultiples(replica, gpus)
      }`,
    );
  }
  if (model.attention_heads % tp !== 0) {
    refuse(
      "parallel.tp",
      `must divide the model's ${model.attention_heads} attention heads: current value is ${tp}${
        nearestOf(divisorsOf(model.attention_heads), tp)
      }`,
    );
  }
  if (pp > model.layers) {
    refuse(
      "parallel.pp",
      `must be at most the model's ${model.layers} layers: current value is ${pp}${
        nearestOf(divisorsOf(model.layers), pp)
      }`,
    );
  }
  if (ep > 1 && (model.experts === 0 || model.experts % ep !== 0)) {
    refuse(
      "parallel.ep",
      model.experts === 0
        ? `must be 1 for a model without experts: current value is ${ep}`
        : `must divide the model's ${model.experts} experts: current value is ${ep}${
          nearestOf(divisorsOf(model.experts), ep)
        }`,
    );
  }
  if (gpus % ep !== 0) {
    refuse(
      "parallel.ep",
      `must divide parallel.gpus = ${gpus}: current value is ${ep}${
        model.experts === 0 ? "" : nearestOf(both(gpus, model.experts), ep)
      }`,
    );
  }
  if (problems.length === 0 && engine === "megatron") {
    problems.push(...megatronProblems(parallel, model));
  }
  if (engine === "deepspeed" && parallel.cp_kind !== "ring") {
    problems.push(...ulyssesProblems(parallel, model));
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: { gpus, tp, pp, cp, ep, dp: gpus / replica } };
}

/** The numbers that divide two others. */
function both(one: number, other: number): number[] {
  return divisorsOf(one).filter((each) => other % each === 0);
}
