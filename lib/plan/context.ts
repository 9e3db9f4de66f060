import type { Scenario } from "../scenario/schema.ts";
import type { Context } from "../play/torch/ops/attention/types.ts";

/** How an engine's ranks share sequences where parallel.cp_kind does not say it. */
export function contextKind(
  { parallel, engine }: Pick<Scenario, "parallel" | "engine">,
): "ring" | "ulysses" {
  return parallel.cp_kind ??
    (engine.name === "deepspeed" ? "ulysses" : "ring");
}

/**
 * How a rank's attention reaches the whole sequence; null where it holds all of it.
 * PyTorch's ring shares a sequence's beginning and end out evenly.
 */
export function contextOf(scenario: Scenario): Context | null {
  const { cp: ranks, rank } = scenario.parallel;
  if (ranks === 1 || scenario.engine.name === "megatron") return null;
  return contextKind(scenario) === "ulysses" ? { kind: "ulysses", ranks } : {
    kind: "ring",
    // The first rank is among those whose output is put together of halves.
    ring: { ranks, rank: (rank ?? 0) % ranks, balanced: true },
  };
}

/**
 * Whether a loss in pieces is taken by the tiles that DeepSpeed has beside Ulysses,
 * as ALST trains: it then tiles MLPs too.
 */
export function isTiled({ train, parallel, engine }: Scenario): boolean {
  return parallel.cp > 1 && train.loss === "chunked" &&
    engine.name === "deepspeed";
}

/**
 * Tiles of a rank's tokens that MLPs run one after the other: as many as make them
 * about as long as hidden states are wide.
 *
 * Source: deepspeed/runtime/sequence_parallel/ulysses_sp.py, TiledMLP
 *
 * @param scenario As the rank computes it.
 */
export function tilesOfMlp(scenario: Scenario, hidden: number): number | null {
  return isTiled(scenario)
    ? Math.ceil(scenario.train.sequence_length / hidden)
    : null;
}
