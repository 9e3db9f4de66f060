import type { Architecture } from "../models/architecture.ts";
import type { Problem } from "../scenario/problem.ts";
import type { Scenario } from "../scenario/schema.ts";
import { divisorsOf, nearestOf } from "./nearest.ts";

/**
 * What Ulysses refuses of a mesh: heads that ranks cannot share.
 *
 * Source: deepspeed/runtime/sequence_parallel/ulysses_sp.py, UlyssesSPAttentionHF
 */
export function ulyssesProblems(
  { cp }: Scenario["parallel"],
  { attention_heads: heads, kv_heads: kv }: Architecture,
): Problem[] {
  if (cp === 1 || heads === 0) return [];
  const shares = (ranks: number) =>
    kv === 0 || kv % ranks === 0 || ranks % kv === 0;
  if (heads % cp === 0 && shares(cp)) return [];
  const path = "parallel.cp";
  return [{
    path,
    message:
      `${path} must divide the model's ${heads} attention heads for Ulysses, and divide its ${kv} key-value heads or be a multiple of them: current value is ${cp}${
        nearestOf(divisorsOf(heads).filter(shares), cp)
      }`,
  }];
}
