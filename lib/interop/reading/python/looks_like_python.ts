/** Calls of training libraries, whose arguments are settings. */
const CALLS =
  /\b(?:Fast\w*(?:Model|Transformer)\.(?:from_pretrained|get_peft_model)|\w*(?:SFT|DPO|KTO|ORPO|CPO|GRPO|Reward|RLOO|GKD)Config|(?:Seq2Seq|Unsloth)?TrainingArguments|(?:Ada)?LoraConfig|(?:OFT|BOFT|IA3|Vera|LoHa|LoKr|PromptTuning|PrefixTuning)Config|BitsAndBytesConfig|AutoModel\w*\.from_pretrained|\w+_(?:pretrain|finetune|sft|peft)_config|\w+\.(?:finetune|pretrain)_recipe)\s*\(/;

/** Whether a text is Python that trains a model. */
export function looksLikePython(text: string): boolean {
  return CALLS.test(text) &&
    (/^[^\S\n]*(?:from\s+[\w.]+\s+import\s|import\s+\w)/m.test(text) ||
      /^\w[\w, ]*=\s*[\w.]+\(/m.test(text) || /^[A-Z]\w+\($/m.test(text));
}

/**
 * The code of a notebook's cells, or of Python what is no comment: both are often
 * longer than what somebody wrote. Another text is given back as it is.
 */
export function codeOf(text: string): string {
  if (/^\s*\{/.test(text) && /"cells"\s*:/.test(text)) {
    return cellsOf(text) ?? text;
  }
  return looksLikePython(text)
    ? text.replaceAll(/^[^\S\n]*#.*$/gm, "").replaceAll(/\n{3,}/g, "\n\n")
    : text;
}

function cellsOf(text: string): string | null {
  try {
    const { cells } = JSON.parse(text) as { cells?: unknown };
    if (!Array.isArray(cells)) return null;
    return cells.flatMap((cell) => {
      const { cell_type, source } = Object(cell) as Record<string, unknown>;
      if (cell_type !== "code") return [];
      return [Array.isArray(source) ? source.join("") : String(source ?? "")];
    }).join("\n");
  } catch {
    return null;
  }
}
