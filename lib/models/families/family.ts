import type { Config } from "../config.ts";
import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { CodeParts, FamilyCode } from "./code/code.ts";
import { codeWith } from "./code/usual.ts";

/**
 * A family of language models: what its body declares under its prefix, and
 * what its head is. A vision-language model declares the same body elsewhere.
 */
export interface Decoder {
  /** Where a causal model of transformers keeps its body: "model". */
  prefix: string;
  /** Whether head and embedding are one tensor when the config does not say. */
  tied: boolean;
  /** Declares embedding, layers and last norm. */
  body: (config: ConfigReader, scope: TensorScope) => void;
  /** Declares the head; `lm_head` without a bias when it is left out. */
  head?: (config: ConfigReader, scope: TensorScope) => void;
}

/** Declares a whole model: a decoder with its head, or one of another build. */
export type Family = (config: ConfigReader, scope: TensorScope) => void;

/** A `model_type`: what declares its tensors, and how its code runs. */
export interface FamilyType {
  /** Declares a model of it; null where only headers tell its tensors. */
  readonly declare: Family | null;
  /** Whether `declare` reads the class that a config names itself. */
  readonly readsClass: boolean;
  readonly code: FamilyCode;
  /** Declares the buffers of a model that formulas count the tensors of. */
  readonly buffers?: Family;
  /** Whether it declares some configs of a class otherwise than its code builds them. */
  readonly isPartly?: (named: string, config: Config) => boolean;
}

/** Model types by the `model_type` of their config.json. */
export type FamilyTypes = Readonly<Record<string, FamilyType>>;

/**
 * A type whose classes but the causal one have transformers' usual heads.
 *
 * @param parts What its code does otherwise than Llama's; later parts win.
 */
export function ofType(
  declare: Family,
  ...parts: readonly CodeParts[]
): FamilyType {
  return { declare, readsClass: false, code: codeWith(...parts) };
}

/** A type that declares each of its classes itself. */
export function ofClasses(
  declare: Family,
  ...parts: readonly CodeParts[]
): FamilyType {
  return { declare, readsClass: true, code: codeWith(...parts) };
}

/** A type whose tensors are not declared: its code alone is known. */
export function ofHeaders(...parts: readonly CodeParts[]): FamilyType {
  return { declare: null, readsClass: false, code: codeWith(...parts) };
}

/** The same of a type that has buffers worth counting. */
export function ofHeadersWith(
  buffers: Family,
  ...parts: readonly CodeParts[]
): FamilyType {
  return { ...ofHeaders(...parts), buffers };
}

/** The family of a decoder as a causal language model. */
export function causal(decoder: Decoder): Family {
  return (config, scope) => {
    decoder.body(config, scope.scope(decoder.prefix));
    headOf(
      decoder,
      config,
      scope,
      config.flag("tie_word_embeddings", decoder.tied),
    );
  };
}

/** Declares a decoder's head unless it is the embedding. */
export function headOf(
  decoder: Decoder,
  config: ConfigReader,
  scope: TensorScope,
  tied: boolean,
): void {
  if (tied) return;
  if (decoder.head) return decoder.head(config, scope);
  const width = config.size("hidden_size", "n_embd", "d_model");
  scope.linear("lm_head", width, config.size("vocab_size"), {
    role: "head",
    cut: "column",
  });
}
