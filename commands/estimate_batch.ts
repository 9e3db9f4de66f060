import process from "node:process";
import type { FitAsked } from "../lib/mod.ts";
import { batch } from "./batch.ts";
import type { EstimateGiven } from "./estimate_given.ts";
import { hubOf } from "./estimate_given.ts";
import { givenFlags } from "./given_flags.ts";
import { asksMore } from "./more_answers.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Answers a batch, and ends with status 1 where a line of it was refused.
 *
 * @throws {UsageError} Where flags are given that stand for one scenario.
 */
export async function runBatch(
  given: EstimateGiven,
  path: string,
  fit: FitAsked,
): Promise<void> {
  if (
    given.scenario !== undefined || given.set.length > 0 || given.evidence ||
    given.from.length > 0 || given.export !== undefined ||
    given.opinions || given.check || given.explain !== undefined ||
    asksMore(given) ||
    givenFlags(given).length > 0
  ) {
    throw new UsageError(
      "--batch takes no other flags: each of its lines is a whole scenario",
    );
  }
  if (await batch(path, await hubOf(given), fit) > 0) process.exitCode = 1;
}
