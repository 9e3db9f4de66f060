/** Which tensors the loss makes of the logits, beside them. */
export type LogitCopies =
  /** In fp32. */
  | "float"
  /** In fp32, and once more without the last token. */
  | "float and shift"
  /** The model itself casts them to fp32; then without the last token. */
  | "cast and shift"
  /** The model itself casts them to fp32, labels are shifted: torchtune, Ling 2. */
  | "cast"
  /** Without the last token, in their own type. */
  | "shift"
  /** The same of one sequence, whose first tokens are found without a copy. */
  | "shift of one"
  /** None: labels are not shifted, logits not cast. */
  | "none";

/** How a type's own classes take their losses. */
export interface LogitsCode {
  /** Whether logits of 16 bits were not cast until transformers 4.48. */
  readonly narrowUntil4_48: boolean;
  /** The 4.x from which the loss casts logits and no longer the model. */
  readonly castsFrom: number;
  /** Whether code beside the weights casts them in every release: Ling 2. */
  readonly casts: boolean;
  /**
   * The release of transformers from which the class no longer casts its logits
   * and copies those that its mask leaves itself; null: it never did.
   */
  readonly ownUntil: readonly [major: number, minor: number] | null;
  /** Whether the class shifts its logits itself, in their own type: Qwen2-Audio. */
  readonly shifts: boolean;
  /** Whether logits are capped where the config does not say. */
  readonly caps: boolean;
  /** Whether the loss of token classes is taken in the logits' type. */
  readonly narrowTokens: boolean;
}

/** What a type's classes with other heads do otherwise than most. */
export interface HeadsCode {
  /** What the class for spans calls the body; null: as all classes do. */
  readonly spansBody: string | null;
  /** Numbers that the class for spans gives where it is not two: GPT-J. */
  readonly spansAreLabels: boolean;
  /** Whether token classes have a "classifier", which always has a bias. */
  readonly classifies: boolean;
  /** The share that a head of token classes drops where the config is silent. */
  readonly dropout: number;
  /**
   * What a tied output embedding is called; null of a model that has none but
   * with a head of masked tokens.
   */
  readonly tied: string | null;
}
