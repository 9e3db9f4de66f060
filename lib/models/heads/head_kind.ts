/** What a class of transformers puts on a model's body. */
export type HeadKind =
  /** Logits of a vocabulary: what a type's models are mostly saved with. */
  | "vocabulary"
  /** Nothing. */
  | "none"
  /** Classes of each sequence. */
  | "sequences"
  /** Classes of each token. */
  | "tokens"
  /** Where a span begins and where it ends. */
  | "spans"
  /** Anything else. */
  | "other";

const BY_NAME: readonly (readonly [end: RegExp, kind: HeadKind])[] = [
  [/For(CausalLM|ConditionalGeneration|MaskedLM)$|LMHeadModel$/i, "vocabulary"],
  [/ForSequenceClassification$/i, "sequences"],
  [/ForTokenClassification$/i, "tokens"],
  [/ForQuestionAnswering$/i, "spans"],
  [/For[A-Z]\w*$|DoubleHeadsModel$|EncoderModel$|Projection$/, "other"],
  [/Model$/i, "none"],
];

/** The kind of head that a class has by the end of its name. */
export function headKind(className: string): HeadKind {
  return BY_NAME.find(([end]) => end.test(className))?.[1] ?? "other";
}
