import { codeOfType } from "../families/mod.ts";
import {
  numbersOf,
  rangesOfNumbers,
  unionOf,
} from "../tensors/layer_numbers.ts";
import type { LayerRange, Tensor } from "../tensors/tensor.ts";

/** Encoders' heads of masked tokens, by a tensor that only these have. */
const MASKED_HEADS: Readonly<Record<string, string>> = {
  "cls.predictions.bias": "cls.predictions.decoder",
  "generator_predictions.dense.weight": "generator_lm_head",
  "lm_head.dense.weight": "lm_head.decoder",
  "vocab_transform.weight": "vocab_projector",
  "decoder.bias": "decoder",
};

/** Models whose stacks share the embedding of the whole. */
const SHARED = /^(.*)shared\.weight$/;

/**
 * The modules whose weight is another's: they hold no parameters of their own,
 * but LoRA adapts them, and copies of them to save are parameters.
 */
export function tiedTensors(
  tensors: readonly Tensor[],
  modelType: string,
): Tensor[] {
  const embedding = tensors.find(({ role }) => role === "embedding");
  if (!embedding) return [];
  const tied = codeOfType(modelType).weights.sharesBlocks
    ? sharedBlocks(tensors)
    : [];
  const shared = SHARED.exec(embedding.name)?.[1];
  if (shared !== undefined) {
    for (const stack of ["encoder", "decoder"]) {
      tied.push({
        ...embedding,
        name: `${shared}${stack}.embed_tokens.weight`,
      });
    }
  }
  const head = tiedHead(tensors, modelType, embedding);
  if (head !== null) {
    tied.push({
      ...embedding,
      name: `${head}.weight`,
      role: "head",
      module: "linear",
    });
  }
  return tied;
}

/** The path of the output embedding whose weight is the input's; null for none. */
function tiedHead(
  tensors: readonly Tensor[],
  modelType: string,
  embedding: Tensor,
): string | null {
  const has = (name: string): boolean =>
    tensors.some((tensor) => tensor.name === name);
  const { tied } = codeOfType(modelType).heads;
  if (tied === null) {
    const mark = Object.keys(MASKED_HEADS).find(has);
    const head = mark === undefined ? null : MASKED_HEADS[mark] ?? null;
    return head === null || has(`${head}.weight`) ? null : head;
  }
  const isUntied = tensors.some(({ role, name }) =>
    role === "head" && name.endsWith("weight")
  );
  if (isUntied) return null;
  const inner = /^language_model\.(?=model\.|shared\.)/.exec(embedding.name);
  return `${inner?.[0] ?? ""}${tied}`;
}

/** Layers that take turns with a few attention blocks: Zamba2. */
function sharedBlocks(tensors: readonly Tensor[]): Tensor[] {
  const hybrids = layersOf(
    tensors.find(({ name }) => name === "model.layers.N.linear.weight"),
  );
  const blocks = tensors.filter(({ name }) =>
    name.startsWith("model.layers.N.shared_transformer.")
  );
  const owners = numbersOf(unionOf(blocks.map(layersOf)));
  const turns = new Map(owners.map((owner, at) => [
    owner,
    rangesOfNumbers(
      numbersOf(hybrids).filter((_, turn) =>
        turn >= owners.length && turn % owners.length === at
      ),
    ),
  ]));
  return blocks.flatMap((tensor) => {
    const layers = unionOf(
      numbersOf(layersOf(tensor)).map((owner) => turns.get(owner) ?? []),
    );
    return layers.length === 0 ? [] : [{ ...tensor, layers }];
  });
}

/** The layers that have a tensor. */
function layersOf(tensor: Tensor | undefined): readonly LayerRange[] {
  return tensor?.layers ?? [];
}
