/** What of PEFT's LoraConfig decides on the parameters that it adds. */
export interface LoraSettings {
  rank: number;
  /** "default", "all-linear", names, or a regular expression. */
  targets: string | readonly string[];
  target_parameters: readonly string[];
  modules_to_save: readonly string[];
  dora: boolean;
  bias: "none" | "all" | "lora_only";
}
