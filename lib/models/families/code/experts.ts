/**
 * How a type's code scores its experts for each row.
 *
 * Source: huggingface/transformers models/…/modeling_….py, …TopkRouter.forward
 */
export interface Routing {
  /** Whether rows and the router's matrix are multiplied in fp32. */
  readonly wide: boolean;
  /** Whether scores are sigmoids, of which the chosen ones are divided by their sum. */
  readonly sigmoid: boolean;
  /** Whether sigmoids and shares are in the scores' own type: LFM2. */
  readonly plain: boolean;
  /** Whether the softmax is of the chosen scores alone, in their own type. */
  readonly late: boolean;
  /** Whether every expert has a weight, sigmoids of the chosen scores: Llama 4. */
  readonly every: boolean;
  /** Whether the chosen weights go back from fp32 to the type of the scores. */
  readonly narrow: boolean;
}

/** What an expert's linear layers were called in transformers 4. */
export interface ExpertNames {
  readonly gate: string;
  readonly up: string;
  readonly down: string;
}

/** How a type's experts run. */
export interface ExpertsCode {
  /**
   * Whether experts' matrices are stored [in, out].
   *
   * Source: huggingface/transformers 5.23.0, is_transposed of
   * use_experts_implementation in each type's modeling file
   */
  readonly isTransposed: boolean;
  /**
   * Gate and up side by side, or one after the other and cut off (gpt-oss), or no
   * gate at all (Nemotron 3).
   */
  readonly gate: "halves" | "clamped" | "none";
  /** Whether the chosen weights stay in fp32 in transformers 4 too: Mixtral. */
  readonly wideWeights: boolean;
  /**
   * Whether they were one parameter of all of them before transformers 5 already;
   * those of others were linear layers, each by itself.
   *
   * Source: transformers 4.57.1, the classes of experts in src/transformers/models
   */
  readonly stackedBefore5: boolean;
  /**
   * Whether code beside the weights runs them in every release: layers of their own,
   * on rows that were repeated for each choice.
   */
  readonly repeatsRows: boolean;
  readonly names: ExpertNames;
  /** Whether the expert that every row passes runs before the routed ones. */
  readonly sharedFirst: boolean;
}

/**
 * Whether experts are linear layers.
 *
 * @param major The major version of transformers; undefined where it is not said.
 */
export function expertsAreLinears(
  { stackedBefore5, repeatsRows }: ExpertsCode,
  major: number | undefined,
): boolean {
  return repeatsRows || (major === 4 && !stackedBefore5);
}
