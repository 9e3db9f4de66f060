import type { Architecture } from "../models/architecture.ts";
import { MAX_TILES } from "../scenario/limits.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { LayerPlan } from "../play/layers/decoder_layer.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { Context } from "../play/torch/ops/attention/context.ts";

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
export function tilesOfMlp(
  scenario: Scenario,
  { hidden_size, experts }: Architecture,
): number | null {
  const { mlp_tiles: asked, sequence_length } = scenario.train;
  if (experts > 0) return null;
  return asked === "auto" || (asked === null && isTiled(scenario))
    ? Math.min(MAX_TILES, Math.ceil(sequence_length / hidden_size))
    : asked;
}

/** Why a model's attention cannot be shared among ranks; null where it can. */
export function unsharedContext(
  { context, traits, layers, dtype }: {
    readonly context: Context | null;
    /** What of a model has no code for it. */
    readonly traits: {
      readonly hasEncoder: boolean;
      readonly hasImages: boolean;
      readonly hasStates: boolean;
    };
    readonly layers: readonly LayerPlan[];
    /** The type that layers compute in. */
    readonly dtype: Dtype;
  },
): string | null {
  if (!context) return null;
  const what = traits.hasEncoder
    ? "models with an encoder"
    : traits.hasImages
    ? "images"
    : traits.hasStates
    ? "models with state spaces"
    : null;
  if (what !== null) {
    return `parallel.cp with ${what} is not played through yet`;
  }
  const attentions = layers.flatMap(({ attention }) => attention ?? []);
  if (context.kind === "ulysses") {
    return attentions.some(({ heads }) => heads.width !== heads.valueWidth)
      ? "Ulysses takes heads of one width, and the model's values are of another than its queries: parallel.cp_kind ulysses does not run it"
      : null;
  }
  // PyTorch's ring has no arithmetic in place of a kernel.
  return dtype === "fp32" &&
      attentions.some(({ heads }) => heads.kvHeads < heads.heads)
    ? "no kernel of PyTorch's ring takes fp32 heads that are shared: precision.autocast bf16 makes them narrower"
    : null;
}
