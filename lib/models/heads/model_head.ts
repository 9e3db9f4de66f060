import type { Model } from "../model.ts";
import { classOf, namedClass } from "./class_of_config.ts";
import type { HeadKind } from "./head_kind.ts";

/** Heads by the names of their modules, where no config names a class. */
const BY_TENSOR: readonly (readonly [name: RegExp, kind: HeadKind])[] = [
  [/^score\.bias$|^classifier\.weight$/, "tokens"],
  [/^score\.weight$/, "sequences"],
  [/^qa_outputs\.weight$/, "spans"],
];

/** The kind of a model's head, by the class of its config or by its tensors. */
export function headKindOf(
  { config, architecture, tensors }: Pick<
    Model,
    "config" | "architecture" | "tensors"
  >,
): HeadKind {
  if (config) return classOf(architecture.type, namedClass(config)).kind;
  return BY_TENSOR.find(([name]) =>
    tensors.some((tensor) => name.test(tensor.name))
  )?.[1] ?? "vocabulary";
}

/**
 * The numbers that a model's head gives for each token: those of the vocabulary,
 * the labels, the two ends of a span, or none.
 */
export function logitsOf(model: Model): number {
  const kind = headKindOf(model);
  if (kind === "none") return 0;
  if (kind === "vocabulary" || kind === "other") {
    return model.architecture.vocab_size;
  }
  const head = model.tensors.findLast(({ role, module, name }) =>
    role === "head" && module === "linear" && name.endsWith(".weight")
  );
  return head?.shape[0] ?? 0;
}
