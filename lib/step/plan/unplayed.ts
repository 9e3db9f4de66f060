import type { Model } from "../../models/model.ts";
import type { Stack } from "./stacks.ts";

/** Attention over what an encoder has read, by its names in transformers. */
const CROSS_ATTENTION = /(^|\.)(encoder_attn|EncDecAttention|crossattention)\./;

/**
 * Why a model's step cannot be played, by its tensors alone; null where nothing
 * speaks against it.
 *
 * @param stacks Of the language model.
 */
export function unplayed(
  { name, architecture, tensors }: Model,
  stacks: readonly Stack[],
): string | null {
  const readsEncoder = stacks.some(({ kinds }) =>
    kinds.some((kind) =>
      [...kind.tensors.keys()].some((key) => CROSS_ATTENTION.test(key))
    )
  );
  if (stacks.length !== 1 || readsEncoder) {
    return `models of type ${architecture.type}, which are no plain decoders, are not played through yet`;
  }
  if (!tensors.some(({ role }) => role === "embedding")) {
    return `${name} has no tensor of token embeddings`;
  }
  if (architecture.attention_heads === 0 || architecture.head_dim === 0) {
    return `${name} does not tell its attention heads, which its config.json would`;
  }
  return null;
}
