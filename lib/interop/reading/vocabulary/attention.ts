import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";

/** Attention kernels as transformers and the tools on it name them. */
const KERNELS: Record<string, "flash" | "sdpa" | "eager"> = {
  flash_attention_2: "flash",
  flash_attention_3: "flash",
  fa2: "flash",
  fa3: "flash",
  sdpa: "sdpa",
  eager: "eager",
  disabled: "eager",
};

/** The kernel of a name, or the one that holds as little as it does. */
export function stateAttention(setting: FileSetting, draft: Draft): void {
  const name = plainText(setting.value).toLowerCase();
  const kernel = Object.hasOwn(KERNELS, name) ? KERNELS[name] : undefined;
  if (kernel) draft.state(setting, "train.attention", kernel);
  else if (name === "auto") {
    draft.open(
      "train.attention",
      "sdpa",
      `${setting.key} is auto: transformers takes sdpa where a model has it`,
    );
  } else if (/flash|xformers|sage|flex/.test(name)) {
    draft.state(setting, "train.attention", "flash");
    draft.remark(
      "train.attention",
      "flash",
      `${setting.key} ${name} keeps no matrix of scores, as flash`,
    );
  } else {
    draft.leave(
      setting,
      "not an attention kernel that Headroom knows",
      true,
    );
  }
}

/** Attention by name. */
export function attentionRule(keys: readonly string[]): Rule {
  return {
    keys,
    fields: ["train.attention"],
    values:
      "flash_attention_2, flash_attention_3, fa2, flex, xformers, sage → flash; sdpa; eager, disabled → eager; auto → sdpa, assumed",
    read: stateAttention,
  };
}
