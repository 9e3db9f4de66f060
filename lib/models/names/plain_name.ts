/** Companies that some put before the names of their models, and some do not. */
const MAKERS = /^(?:meta|nvidia)[-_](?=llama|nemotron)/;
/** Where people copy a name from. */
const SITES =
  /^(?:https?:\/\/)?(?:huggingface\.co|hf\.co|(?:www\.)?modelscope\.cn\/models)\//;

/** An owner of the Hub, or none, and its name of a model, both in small letters. */
export interface PlainName {
  readonly owner: string;
  /** Without owner and without what sets words apart: `llama3.18binstruct`. */
  readonly squashed: string;
}

/**
 * A name in the form in which names are compared: `meta-llama/Meta-Llama-3.1-8B`,
 * `Llama 3.1 8B` and `llama3.1:8b` differ in their owner alone.
 */
export function plainName(name: string): PlainName {
  const plain = name.trim().toLowerCase().replace(SITES, "")
    .replace(/:latest$/, "");
  const slash = plain.indexOf("/");
  const owner = plain.slice(0, Math.max(0, slash));
  const own = plain.slice(slash + 1).replace(MAKERS, "");
  return {
    owner: OWNERS.get(owner) ?? owner,
    squashed: own.replaceAll(/[-_:\s]+/g, ""),
  };
}

/**
 * Owners that were called otherwise once, or go by two names: the second here is the
 * Hub's, the first perhaps ModelScope's.
 */
const OWNERS: ReadonlyMap<string, string> = new Map([
  ["coherelabs", "cohereforai"],
  ["thudm", "zai-org"],
  ["liquid", "liquidai"],
  ["meta", "meta-llama"],
  ["mistral", "mistralai"],
  ["deepseek", "deepseek-ai"],
  ["moonshot", "moonshotai"],
  ["ibm", "ibm-granite"],
  ["openlm", "openlm-research"],
  ["zhipuai", "zai-org"],
  ["shanghai_ai_laboratory", "internlm"],
  ["tencent-hunyuan", "tencent"],
  ["tencent-youtu-research", "tencent"],
  ["paddlepaddle", "baidu"],
  ["minimax", "minimaxai"],
  ["01ai", "01-ai"],
]);
