import type {
  CachePart,
  LayerCache,
} from "../../models/families/code/cache.ts";
import type { Architecture } from "../../models/architecture.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { LayerCaches } from "../caches.ts";
import { perSequence, perToken } from "./figures.ts";

/** One sequence of a batch, and how it is run. */
export interface ClosedSequence {
  readonly prompt: number;
  readonly generated: number;
  readonly dtype: Dtype;
  readonly isEager: boolean;
  readonly allLogits: boolean;
  /** Tokens that a cache which stands has room for; null where it grows. */
  readonly room: number | null;
  /** Whether keys and values are kept. */
  readonly keeps: boolean;
}

/** Bytes that one sequence adds, by phase and by what it is. */
export interface ClosedBytes {
  readonly prefill: { readonly cache: number; readonly activations: number };
  readonly decode: { readonly cache: number; readonly activations: number };
}

/**
 * What one sequence takes of a model whose code is not played: the cache stands
 * whole in the last layer, whose MLP holds three inner tensors and four hidden
 * states; with eager attention the scores in their type and twice in fp32.
 *
 * Source: huggingface/transformers models/llama/modeling_llama.py, of which the
 * forward passes of gated decoders are copies
 */
export function closedBytes(
  architecture: Architecture,
  { groups }: Pick<LayerCaches, "groups">,
  sequence: ClosedSequence,
): ClosedBytes {
  const { prompt, generated, dtype, keeps, room } = sequence;
  const size = DTYPE_BYTES[dtype];
  const decoded = Math.max(0, generated - 1);
  const cacheOf = (tokens: number, isFirst: boolean) =>
    keeps
      ? groups.reduce(
        (sum, { keeps: kept, count }) =>
          sum + count * keptOf(kept, size, tokens, isFirst, room),
        0,
      )
      : 0;
  const largest = keeps
    ? Math.max(
      0,
      ...groups.map(({ keeps: kept }) =>
        keptOf(kept, size, prompt + decoded, false, room)
      ),
    )
    : 0;
  const again = closedActivations(architecture, sequence, prompt + decoded);
  return {
    prefill: {
      cache: cacheOf(prompt, true),
      activations: closedActivations(architecture, sequence, prompt),
    },
    decode: {
      cache: cacheOf(prompt + decoded, decoded <= 1),
      // A cache that grows is copied layer by layer.
      activations: keeps ? (room === null ? largest : 0) : again,
    },
  };
}

/** Bytes of activations of a pass over so many tokens. */
function closedActivations(
  architecture: Architecture,
  { dtype, isEager, allLogits }: ClosedSequence,
  tokens: number,
): number {
  const size = DTYPE_BYTES[dtype];
  const { hidden_size: hidden, attention_heads: heads, vocab_size } =
    architecture;
  const { experts, experts_per_token: chosen, gated_mlp } = architecture;
  const inner = (gated_mlp ? 3 : 2) * architecture.intermediate_size;
  const routed = experts > 0
    ? chosen * (5 * hidden + 2 * architecture.expert_intermediate_size)
    : 0;
  const mlp = tokens * size * (Math.max(inner, routed) + 4 * hidden);
  const scores = isEager
    ? tokens ** 2 * (heads * (size + 8) + size) + 6 * hidden * tokens * size
    : 0;
  const logits = (allLogits ? tokens : 1) * size * vocab_size +
    tokens * size * hidden;
  return Math.max(mlp, scores, logits);
}

/** Bytes that a layer keeps of a sequence of so many tokens. */
function keptOf(
  keeps: LayerCache,
  size: number,
  tokens: number,
  isFirst: boolean,
  room: number | null,
): number {
  return keeps.reduce(
    (sum, part) => sum + partBytes(part, size, tokens, isFirst, room),
    0,
  );
}

function partBytes(
  part: CachePart,
  size: number,
  tokens: number,
  isFirst: boolean,
  room: number | null,
): number {
  switch (part.kind) {
    case "full":
    case "latent":
      return (room ?? tokens) * perToken(part, size);
    case "cross":
      return size * (part.encoded ?? tokens) * (part.keys + part.values);
    case "window":
    case "chunk": {
      // What a prompt leaves stands whole until a token has come after it.
      const kept = room !== null
        ? Math.min(room, part.size)
        : isFirst
        ? tokens
        : Math.min(tokens, part.size);
      return size * kept * (part.keys + part.values);
    }
    default:
      return perSequence(part, size);
  }
}
