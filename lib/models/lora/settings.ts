/** What of PEFT's LoraConfig decides on the parameters that it adds. */
export interface LoraSettings {
  rank: number;
  /** "default", "all-linear", names, or a regular expression. */
  targets: string | readonly string[];
  target_parameters: readonly string[];
  modules_to_save: readonly string[];
  dora: boolean;
  /** Of what adapters read; none where it is not said. */
  dropout?: number;
  bias: "none" | "all" | "lora_only";
}

/** What else decides on it: the model's type and the software. */
export interface Facts {
  model_type: string;
  /** Which transformers holds the experts: in 4 each is a module of linears. */
  transformers: 4 | 5;
  /** PEFT 0.x: from 0.19 it takes the linears' old names for the experts of 5. */
  peft: number;
}
