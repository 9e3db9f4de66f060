/** By an expert's linear of transformers 4, the parameter that holds it now. */
export type OldNames = Readonly<Record<string, string>>;

/** What PEFT knows of a type. */
export interface PeftCode {
  /**
   * The modules that are adapted when PEFT is told none; a text is a regular
   * expression. Null where it would stop.
   *
   * Source: PEFT 0.21.2, peft/utils/constants.py,
   * TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.
   */
  readonly targets: readonly string[] | string | null;
  /**
   * The old names that it takes for fused experts, or null where it takes none.
   *
   * Source: PEFT 0.21.2, peft/utils/transformers_weight_conversion.py,
   * _MOE_TARGET_MODULE_MAPPING; transformers 5.23.0, conversion_mapping.py,
   * _MODEL_TO_CONVERSION_PATTERN for the model types.
   */
  readonly experts: OldNames | null;
}

/** The targets of most types that PEFT knows. */
export const QUERY_VALUE: Partial<PeftCode> = {
  targets: ["q_proj", "v_proj"],
};

/** Mixtral's old names. */
export const LIKE_MIXTRAL: OldNames = {
  gate: "gate.weight",
  w1: "gate_up_proj",
  w3: "gate_up_proj",
  w2: "down_proj",
};

/** Those of most mixtures. */
export const LIKE_GATED: OldNames = {
  gate: "gate.weight",
  gate_proj: "gate_up_proj",
  up_proj: "gate_up_proj",
  down_proj: "down_proj",
};
