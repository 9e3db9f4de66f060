import type { Model } from "../models/model.ts";
import { codeOfModel } from "../models/code_of_model.ts";
import { elementsOf } from "../models/tensors/tensor.ts";
import { groupDigits } from "../units/mod.ts";
import { MAX_ELEMENTS, MAX_EXPERTS } from "../play/memory/limits.ts";
import { CROSS } from "./encoders/encoder_layer_plan.ts";
import type { LayerKind, LayerStack } from "./stacks.ts";

/**
 * Why a model's step cannot be played, by its tensors alone; null where nothing
 * speaks against it.
 *
 * @param stacks Of the language model.
 * @param hasEncoder Whether its type is one that encoders are played for.
 */
export function unplayed(
  model: Model,
  stacks: readonly LayerStack[],
  hasEncoder: boolean,
): string | null {
  const { name, architecture, tensors, config } = model;
  const code = codeOfModel(model);
  if (code.unplayed !== null) {
    return `models of type ${architecture.type}${code.unplayed}`;
  }
  const isReplaced = stacks.some(({ kinds }) =>
    kinds.some(({ tensors }) =>
      [...tensors.keys()].some((name) => REPLACED.test(name))
    )
  );
  if (isReplaced) {
    return `models of type ${architecture.type} with a matrix in the place of attention or an MLP are not played through yet`;
  }
  const readsEncoder = stacks.some(({ kinds }) =>
    kinds.some((kind) =>
      [...kind.tensors.keys()].some((key) => CROSS.test(key))
    )
  );
  if (!hasEncoder && (stacks.length !== 1 || readsEncoder)) {
    return `models of type ${architecture.type}, which are no plain decoders, are not played through yet`;
  }
  if (hasEncoder && readsEncoder && config?.["is_decoder"] === true) {
    return `models of type ${architecture.type} that are built as decoders with attention to an encoder are not played through yet`;
  }
  const attending = stacks.some(({ kinds }) => kinds.some(attends));
  if (!attending && code.stateSpace === null) {
    return `models of type ${architecture.type}, whose layers are not attention and MLP, are not played through yet`;
  }
  if (architecture.experts > MAX_EXPERTS) {
    return `layers of ${groupDigits(architecture.experts)} experts, more than ${
      groupDigits(MAX_EXPERTS)
    }, are not played through`;
  }
  const largest = tensors.find((tensor) => elementsOf(tensor) > MAX_ELEMENTS);
  if (largest) {
    return `${largest.name} of ${
      groupDigits(elementsOf(largest))
    } elements, more than ${groupDigits(MAX_ELEMENTS)}, is not played through`;
  }
  if (!tensors.some(({ role }) => role === "embedding")) {
    return `${name} has no tensor of token embeddings`;
  }
  if (
    attending &&
    (architecture.attention_heads === 0 || architecture.head_dim === 0)
  ) {
    return `${name} does not tell its attention heads, which its config.json would`;
  }
  return null;
}

/** A matrix that stands for half a layer: Nemotron-NAS. */
const REPLACED = /(^|\.)(linear_attn|linear_mlp)\.weight$/;

/** Whether a layer has attention, of any form. */
function attends({ tensors }: LayerKind): boolean {
  return [...tensors.values()].some(({ role }) =>
    role === "o" || role === "attention" || role === "qkv" || role === "q"
  );
}
