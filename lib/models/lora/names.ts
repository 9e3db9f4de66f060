/*
 * What PEFT calls what it adds to a model, by its adapter's name "default".
 *
 * Source: huggingface/peft src/peft/peft_model.py, PeftModel.base_model;
 * tuners/tuners_utils.py, BaseTuner.model; tuners/lora/layer.py, LoraLayer;
 * utils/other.py, ModulesToSaveWrapper
 */

/** Before every name of the model's own. */
export const PEFT_PREFIX = "base_model.model.";

/** Behind the name of a tensor, of its copy that trains. */
export const SAVED_COPY = ".modules_to_save.default";

/** LoRA's matrices, behind the path of a layer or the name of a parameter. */
export const LORA = {
  a: "lora_A.default.weight",
  b: "lora_B.default.weight",
} as const;

/** The same of a table, where they are bare parameters. */
export const TABLE_LORA = {
  a: "lora_embedding_A.default",
  b: "lora_embedding_B.default",
} as const;

/** DoRA's magnitudes. */
export const MAGNITUDE = "lora_magnitude_vector.default.weight";
