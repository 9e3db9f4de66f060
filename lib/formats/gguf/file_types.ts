/**
 * A file type of llama-quantize: what it is called, and the ggml type of a tensor
 * that no rule speaks of.
 *
 * Source: llama.cpp src/llama-quant.cpp, llama_ftype_get_default_type.
 */
const FILE_TYPES: Readonly<Record<string, string>> = {
  F32: "F32",
  F16: "F16",
  BF16: "BF16",
  Q1_0: "Q1_0",
  Q2_0: "Q2_0",
  Q4_0: "Q4_0",
  Q4_1: "Q4_1",
  Q5_0: "Q5_0",
  Q5_1: "Q5_1",
  Q8_0: "Q8_0",
  MXFP4_MOE: "MXFP4",
  NVFP4: "NVFP4",
  Q2_K: "Q2_K",
  Q2_K_S: "Q2_K",
  Q3_K_S: "Q3_K",
  Q3_K_M: "Q3_K",
  Q3_K_L: "Q3_K",
  Q4_K_S: "Q4_K",
  Q4_K_M: "Q4_K",
  Q5_K_S: "Q5_K",
  Q5_K_M: "Q5_K",
  Q6_K: "Q6_K",
  TQ1_0: "TQ1_0",
  TQ2_0: "TQ2_0",
  IQ1_S: "IQ1_S",
  IQ1_M: "IQ1_M",
  IQ2_XXS: "IQ2_XXS",
  IQ2_XS: "IQ2_XS",
  IQ2_S: "IQ2_XS",
  IQ2_M: "IQ2_S",
  IQ3_XXS: "IQ3_XXS",
  IQ3_XS: "IQ3_S",
  IQ3_S: "IQ3_S",
  IQ3_M: "IQ3_S",
  IQ4_NL: "IQ4_NL",
  IQ4_XS: "IQ4_XS",
};

/** Names that people and llama-quantize use for another's. */
const ALIASES: Readonly<Record<string, string>> = {
  Q3_K: "Q3_K_M",
  Q4_K: "Q4_K_M",
  Q5_K: "Q5_K_M",
  MXFP4: "MXFP4_MOE",
  FP16: "F16",
  FP32: "F32",
};

/** Makers' own mixes of types, by what their names begin or end with. */
const MIXED = /^UD-(.+?)(_XL)?$/;
const EXTRA_LARGE = /^(.+)_(XL|L|S)$/;

/** The file types by their names, as a message lists them. */
export const GGUF_TYPES: readonly string[] = Object.keys(FILE_TYPES);

/** A file type as a scenario asks for it. */
export interface FileType {
  /** As llama-quantize calls it. */
  readonly name: string;
  /** The ggml type of a tensor that no rule speaks of. */
  readonly base: string;
  /** What its name takes for granted; null where llama-quantize knows it. */
  readonly note: string | null;
}

/**
 * Reads a file type's name, whatever the case.
 *
 * @returns It; null when there is none of that name.
 */
export function fileTypeOf(asked: string): FileType | null {
  const name = asked.toUpperCase();
  const known = plain(name);
  if (known) return { ...known, note: null };
  const mixed = MIXED.exec(name);
  if (!mixed) return null;
  const [, inner = ""] = mixed;
  const base = plain(inner) ?? plain(EXTRA_LARGE.exec(inner)?.[1] ?? "");
  return base && {
    ...base,
    note:
      `${name} is a mix that its maker chose tensor by tensor: it is taken as ${base.name}; a model read from the file's header is exact`,
  };
}

function plain(name: string): { name: string; base: string } | null {
  const proper = Object.hasOwn(ALIASES, name) ? ALIASES[name] ?? name : name;
  if (!Object.hasOwn(FILE_TYPES, proper)) return null;
  return { name: proper, base: FILE_TYPES[proper] ?? proper };
}
