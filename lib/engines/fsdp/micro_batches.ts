import type { Act, Run } from "../../play/program/act.ts";
import type { PassActs } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import type { Beat } from "../beats.ts";
import type { RankQuestion } from "../engine.ts";
import { laterPass } from "../single.ts";
import type { Unit } from "../units.ts";
import type { MadeGradient } from "./timeline.ts";

/** A micro-batch, and what becomes of its gradients. */
export interface MicroBatch {
  readonly beats: readonly Beat[];
  readonly gradients: ReadonlyMap<Unit, readonly MadeGradient[]>;
  /** Whether they are reduced. */
  readonly reduces: boolean;
  /** Whether units stay whole after its backward pass. */
  readonly keeps?: boolean;
  /** Micro-batches of a step that it stands for. */
  readonly times: number;
}

/** A micro-batch as it is recorded. */
export interface Passed {
  readonly passed: PassActs;
  /** Whether its gradients are reduced. */
  readonly reduces: boolean;
  /** Micro-batches of a step that it stands for. */
  readonly times: number;
}

/**
 * The micro-batches of a step that differ: the first, the last, and where gradients
 * wait to be reduced one that stands for those between.
 *
 * @param noSync Whether only the last one's gradients are reduced.
 * @param adds Whether autograd adds to parameters' gradients that wait.
 */
export function microBatchesOf(
  { scenario, plan, record }: Pick<
    RankQuestion,
    "scenario" | "plan" | "record"
  >,
  noSync: boolean,
  adds = false,
): { batches: Passed[]; hostBytes: number } {
  const all = scenario.train.gradient_accumulation;
  const count = Math.min(all, noSync ? 3 : 2);
  const first = record({ accumulation: "keep" });
  const later = noSync && adds && count > 1
    ? record({ accumulation: "add" })
    : first;
  const batches = Array.from({ length: count }, (_, at): Passed => ({
    passed: passActs(at === 0 ? first : laterPass(later, plan)),
    reduces: !noSync || at === count - 1,
    times: at === 1 ? all - count + 1 : 1,
  }));
  return { batches, hostBytes: first.hostBytes };
}

/** Micro-batches as they were played: with all that ran on their blocks. */
export function playedOf(
  acts: readonly Act[],
  batches: readonly Passed[],
): PassActs[] {
  return batches.map(({ passed: { instances } }) => {
    const own = new Set(instances);
    return {
      instances,
      acts: acts.filter((act): act is Run =>
        act.act === "run" && own.has(act.instance)
      ),
    };
  });
}
