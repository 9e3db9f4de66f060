import type { Draft, FileSetting } from "../reading/draft.ts";
import type { FileSettings } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import type { PythonCall } from "../reading/python/python_value.ts";
import { readCount } from "../reading/values.ts";
import {
  rankOfBlocks,
  stateLikeLora,
} from "../reading/vocabulary/like_lora.ts";

/** What of an adapter's settings says how large it is. */
export const SIZES: readonly string[] = [
  "init_r",
  "target_r",
  "oft_block_size",
  "boft_block_size",
  "boft_block_num",
  "boft_n_butterfly_factor",
  "num_virtual_tokens",
  "encoder_hidden_size",
  "n_frequency",
  "num_vectors",
  "topk",
  "decompose_factor",
  "use_tucker",
];

/** How large a LoRA is that stands for another kind, and what that kind holds. */
interface AdapterKind {
  /** Its rank by the kind's own settings. */
  rank(all: FileSettings): number;
  holds: string;
}

const vectors = (holds: string): AdapterKind => ({ rank: () => 1, holds });

const blocksRank = (all: FileSettings): number =>
  rankOfBlocks(readCount(all.get("oft_block_size")));

/** PEFT's kinds of adapters other than LoRA: peft/tuners. */
const KINDS: Readonly<Record<string, AdapterKind>> = {
  ADALORA: {
    rank: (all) => countAt(all, "init_r", 12),
    holds: "init_r ranks until it prunes some",
  },
  OFT: { rank: blocksRank, holds: "rotations of blocks of the inputs" },
  BOFT: { rank: blocksRank, holds: "rotations of blocks of the outputs" },
  VERA: {
    rank: (all) => countAt(all, "r", 256),
    holds: "vectors beside matrices of rank r that are frozen and shared",
  },
  LOHA: {
    rank: (all) => 2 * countAt(all, "r", 8),
    holds:
      "two pairs of matrices of rank r, whose products are as large as the weight",
  },
  LOKR: {
    rank: (all) => countAt(all, "r", 8),
    holds: "a product of Kronecker, which is as large as the weight",
  },
  XLORA: {
    rank: (all) => countAt(all, "r", 8),
    holds: "several LoRAs and a classifier",
  },
  IA3: vectors("a vector a matrix"),
  LN_TUNING: vectors("norms"),
  FOURIERFT: vectors("a few frequencies a matrix"),
  VBLORA: vectors("a bank of vectors"),
  HRA: {
    rank: (all) => countAt(all, "r", 8),
    holds: "r reflections",
  },
  PROMPT_TUNING: vectors("virtual tokens"),
  P_TUNING: vectors("virtual tokens, and their encoder"),
  PREFIX_TUNING: vectors("keys and values of virtual tokens"),
  MULTITASK_PROMPT_TUNING: vectors("virtual tokens"),
  ADAPTION_PROMPT: vectors("virtual tokens"),
};

/** PEFT's own kinds that LoraConfig's fields are read for. */
export function isLora(all: FileSettings): boolean {
  const kind = plainText(all.get("peft_type") ?? "LORA").toUpperCase();
  return kind === "LORA";
}

/** States LoRA, or what stands for another kind, and says so. */
export function stateKind(
  setting: FileSetting,
  draft: Draft,
  all: FileSettings,
): void {
  const name = plainText(setting.value).toUpperCase();
  if (name === "LORA") return draft.fact(setting, "adapters", true);
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) {
    return draft.refuse(
      setting,
      `must be one of LORA, ${Object.keys(KINDS).join(", ")}`,
    );
  }
  stateLikeLora(setting, draft, name, kind.rank(all), kind.holds);
}

/** Kinds by the names of PEFT's classes. */
const CLASSES: Readonly<Record<string, string>> = {
  LoraConfig: "LORA",
  AdaLoraConfig: "ADALORA",
  OFTConfig: "OFT",
  BOFTConfig: "BOFT",
  VeraConfig: "VERA",
  LoHaConfig: "LOHA",
  LoKrConfig: "LOKR",
  IA3Config: "IA3",
  LNTuningConfig: "LN_TUNING",
  FourierFTConfig: "FOURIERFT",
  VBLoRAConfig: "VBLORA",
  HRAConfig: "HRA",
  PromptTuningConfig: "PROMPT_TUNING",
  PromptEncoderConfig: "P_TUNING",
  PrefixTuningConfig: "PREFIX_TUNING",
  AdaptionPromptConfig: "ADAPTION_PROMPT",
};

/** The configuration of an adapter, by the class that is called. */
export function peftCall(
  { name, named }: PythonCall,
): { what: string; values: Record<string, unknown> } | null {
  if (!Object.hasOwn(CLASSES, name)) return null;
  return name === "LoraConfig"
    ? { what: name, values: named }
    : { what: name, values: { ...named, peft_type: CLASSES[name] } };
}

function countAt(all: FileSettings, key: string, usual: number): number {
  return readCount(all.get(key)) ?? usual;
}
