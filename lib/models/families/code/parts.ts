import type { CacheCode } from "./cache.ts";
import { byLayer } from "./cache.ts";
import type { CodeParts } from "./code.ts";
import { ACTIVATION_KEYS } from "./layer.ts";
import { LIKE_GATED, LIKE_MIXTRAL } from "./peft.ts";
import type { Setting } from "./setting.ts";
import { numberOf } from "./setting.ts";
import { DELTA_STATE } from "./states.ts";
import { USUAL } from "./usual.ts";

/*
 * What several families' types state alike.
 */

/** Classes for spans that call the body "transformer". */
export const SPANS_IN_TRANSFORMER: CodeParts = {
  heads: { spansBody: "transformer" },
};

/** Code of the time before Llama, which took losses of 16-bit logits. */
export const NARROW_LOGITS: CodeParts = { loss: { narrowUntil4_48: true } };

/** The same with classes of its own for tokens. */
export const NARROW_CLASSES: CodeParts = {
  loss: { narrowUntil4_48: true, narrowTokens: true },
  heads: { classifies: true },
};

/** An MLP of up and down, and a head that is the embedding. */
export const PLAIN_AND_TIED: CodeParts = {
  sizes: { gated: false, tied: true },
};

/** A head that is the embedding where the config does not say. */
export const TIED: CodeParts = { sizes: { tied: true } };

/** Heads without rotary positions. */
export const UNTURNED: CodeParts = { rotary: { kind: "none" } };

/** DeepSeek-V3's router: sigmoids in fp32. */
export const WIDE_SIGMOIDS: CodeParts = {
  routing: { wide: true, sigmoid: true },
};

/** Routers whose chosen weights go back to the type of the scores. */
export const NARROW_WEIGHTS: CodeParts = { routing: { narrow: true } };

/** The expert that every row passes runs before the routed ones. */
export const SHARED_FIRST: CodeParts = { experts: { sharedFirst: true } };

/** Experts that PEFT knows by the names of most mixtures. */
export const GATED_NAMES: CodeParts = { peft: { experts: LIKE_GATED } };

/** Experts that PEFT knows by Mixtral's names. */
export const MIXTRAL_NAMES: CodeParts = { peft: { experts: LIKE_MIXTRAL } };

/** Experts of one parameter already in transformers 4. */
export const STACKED: CodeParts = { experts: { stackedBefore5: true } };

/** Windows in the layers from `max_window_layers` on, if switched on. */
export const SWITCHED_WINDOWS: CodeParts = {
  attention: { windows: { layers: "switched" } },
};

/** A tenth of everything is dropped in training. */
export const DROPS_A_TENTH: CodeParts = {
  dropout: {
    attention: [USUAL.dropout.attention[0], 0.1],
    residual: [USUAL.dropout.residual[0], 0.1],
    embedding: [USUAL.dropout.embedding[0], 0.1],
  },
};

/** Embeddings, residuals and logits multiplied by numbers. */
export const MULTIPLIED: CodeParts = {
  multiplies: { embeddings: true, residuals: true, logits: true },
};

/** Windows in all layers, where the config has one. */
export function windowed(size: number | null): CodeParts {
  return { attention: { windows: { layers: "every", size } } };
}

/** Windows in all layers but each so manieth. */
export function takingTurns(turn: number, size: number): CodeParts {
  return { attention: { windows: { layers: "turns", turn, size } } };
}

/** Heads of which a part is turned, by default so much of it. */
export function turnedInPart(share: number): CodeParts {
  return { rotary: { kind: "part", share } };
}

/** An activation function that is taken where the config names none. */
export function usuallyActivatedBy(name: string): CodeParts {
  return {
    mlp: { activation: [ACTIVATION_KEYS, name] },
  };
}

/** Sizes that the class of configuration sets where a config is silent. */
export function sized(
  positions: readonly [key: string, size: number],
  vocabulary: number,
): CodeParts {
  return { sizes: { positions, vocabulary } };
}

/** No output embedding but that of a head of masked tokens. */
export const MASKED_HEADS: CodeParts = { heads: { tied: null } };

/** Keys and values in one compressed row a token: MLA. */
export const LATENT_CACHE: CodeParts = { cache: { isLatent: true } };

/** Caches of windows in all layers but each so manieth, by a key of its own. */
export function cachesByTurns(
  turn: Setting,
  window: number,
): CodeParts {
  return {
    cache: {
      window,
      ...byLayer((layer, text) =>
        (layer + 1) % numberOf(text, turn) === 0
          ? "full_attention"
          : "sliding_attention"
      ),
    },
  };
}

/** Caches of states in all layers. */
export function cachesStates(cache: Pick<CacheCode, "state">): CodeParts {
  return { cache: { ...cache, ...byLayer(() => "linear_attention") } };
}

/** Gated delta rules, and attention in each so manieth layer. */
export const DELTA_CACHE: CodeParts = {
  cache: {
    ...DELTA_STATE,
    ...byLayer((layer, text) =>
      (layer + 1) % numberOf(text, [["full_attention_interval"], 4]) === 0
        ? "full_attention"
        : "linear_attention"
    ),
  },
};
