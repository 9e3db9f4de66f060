import type { LayerPlan } from "../play/layers/decoder_layer.ts";
import type { Norm } from "../play/torch/ops/norms.ts";
import type { LayerFacts } from "./layer_facts.ts";
import type { Modules } from "./modules.ts";

/** A kind of norm without parameters. */
export function bareOf(kind: Norm["kind"]): Norm {
  return { kind, weight: null, bias: null };
}

/** The norm of a family whose norms have no parameters; null of another. */
export function bareNorm(kind: Norm["kind"]): Norm | null {
  return kind === "bare" || kind === "bare rms" ? bareOf(kind) : null;
}

/** Norms by the places that the families' names give them. */
export function normsOf(
  modules: Modules,
  { traits }: LayerFacts,
): LayerPlan["norms"] {
  const own = [...modules.names()].filter((name) =>
    /\.weight$/.test(name) && modules.tensor(name)?.role === "norm" &&
    !/(^|\.)(q|k|o|query|key)_(layer)?norm|_a_layernorm|sub_norm|^(mixer|mamba|linear_attn)\./
      .test(name)
  ).map((name) => name.slice(0, -".weight".length));
  const norm = (path: string | undefined): Norm | null =>
    modules.norm(path ?? null, traits.norm);
  const named = (pattern: RegExp) =>
    norm(own.find((path) => pattern.test(path)));
  switch (traits.arrangement) {
    case "sandwich": {
      // Of GLM and HyperCLOVA X, where "post attention" is before the MLP.
      const after = /post_self_attn|post_norm1/;
      const apart = own.some((path) => after.test(path));
      return {
        beforeAttention: named(/input_layernorm/),
        afterAttention: named(apart ? after : /post_attention/),
        beforeMlp: named(apart ? /post_attention/ : /pre_(feedforward|mlp)/),
        afterMlp: named(/post_(feedforward|mlp|norm2)/),
      };
    }
    case "post":
      // OLMo Hybrid's layers that do not attend are normed before.
      if (own.some((path) => /input_layernorm/.test(path))) {
        return {
          beforeAttention: named(/input_layernorm/),
          afterAttention: null,
          beforeMlp: named(/post_attention/),
          afterMlp: null,
        };
      }
      return {
        beforeAttention: null,
        afterAttention: named(/post_attention/),
        beforeMlp: null,
        afterMlp: named(/post_feedforward/),
      };
    default: {
      const bare = bareNorm(traits.norm);
      return {
        beforeAttention: bare ?? norm(own[0]),
        afterAttention: null,
        beforeMlp: bare ?? norm(own[1]),
        afterMlp: null,
      };
    }
  }
}
