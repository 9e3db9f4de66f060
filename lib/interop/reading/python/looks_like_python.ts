/** Calls of training libraries, whose arguments are settings. */
export const CALLS =
  /\b(?:Fast\w*Model\.(?:from_pretrained|get_peft_model)|\w*(?:SFT|DPO|KTO|ORPO|CPO|GRPO|Reward|RLOO|GKD)Config|(?:Seq2Seq|Unsloth)?TrainingArguments|LoraConfig|BitsAndBytesConfig|AutoModel\w*\.from_pretrained)\s*\(/;

/** Whether a text is Python, or a notebook of it, that trains a model. */
export function looksLikePython(text: string): boolean {
  return CALLS.test(text) &&
    (/^[^\S\n]*(?:from\s+[\w.]+\s+import\s|import\s+\w)/m.test(text) ||
      /"cell_type"\s*:/.test(text) || /^\w[\w, ]*=\s*[\w.]+\(/m.test(text));
}
