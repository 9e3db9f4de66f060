import { findModel } from "../../../models/catalogue.ts";
import type { Draft, FileSetting } from "../draft.ts";

/** A GGUF's type at the end of a file's name or behind a colon. */
const TYPE =
  /^(?:UD-)?((?:I?Q\d[A-Z0-9_]*|T?Q\d_\d|BF16|F16|F32|MXFP4(?:_MOE)?))$/i;
/** What stands behind a model's name in the names of its files. */
const SUFFIX =
  /[-._](?:UD-)?(I?Q\d(?:_[A-Z0-9]+)*|BF16|F16|F32|MXFP4(?:_MOE)?)(?:[-.]\d{5}-of-\d{5})?$/i;
/** llama.cpp takes this where a repository's type is not given. */
const USUAL_TYPE = "Q4_K_M";

/** A model and the type of its GGUF, as far as a name tells them. */
export interface NamedGguf {
  model: string;
  type: string | null;
  /** Whether the catalogue has the model. */
  isKnown: boolean;
}

/** Reads the name of a GGUF's file. */
export function ggufOfFile(path: string): NamedGguf {
  const file = (path.split(/[\\/]/).at(-1) ?? "").replace(/\.gguf$/i, "");
  const match = SUFFIX.exec(file);
  const name = match ? file.slice(0, match.index) : file;
  return named(name, match?.[1]?.toUpperCase() ?? null, path);
}

/** Reads a repository with a type behind a colon: `unsloth/Qwen3-8B-GGUF:Q4_K_M`. */
export function ggufOfRepository(text: string): NamedGguf {
  const [repository = "", tag] = text.split(":");
  const type = TYPE.exec(tag ?? "")?.[1]?.toUpperCase() ?? null;
  const name = (repository.split("/").at(-1) ?? "").replace(/-GGUF$/i, "");
  const usual = /gpt-oss/i.test(name) ? "MXFP4" : USUAL_TYPE;
  return named(name, type ?? usual, repository);
}

function named(name: string, type: string | null, whole: string): NamedGguf {
  // Some put the publisher before it, and Meta its own name.
  const known = findModel(name) ?? findModel(name.replace(/^[^_]+_/, "")) ??
    findModel(name.replace(/^Meta-/i, ""));
  return { model: known?.id ?? whole, type, isKnown: known !== null };
}

/** States a model and the type of its GGUF. */
export function stateGguf(
  setting: FileSetting,
  draft: Draft,
  { model, type, isKnown }: NamedGguf,
): void {
  draft.state(setting, "model", model);
  if (isKnown) {
    draft.remark(
      "model",
      model,
      `${setting.key} names it: the tensors of the file itself may be other ones`,
    );
  }
  if (type !== null) {
    const weights = weightsOf(type);
    draft.state(setting, "quantization.weights", weights);
    if (/_XL$/.test(type)) {
      draft.remark(
        "quantization.weights",
        weights,
        `${type} is Unsloth's own mix, whose tensors have types that only the file tells`,
      );
    }
  }
}

/** llama.cpp's own mixes that Unsloth's larger ones begin with. */
const BEGUN_WITH: Readonly<Record<string, string>> = {
  Q1_K_XL: "IQ1_M",
  Q2_K_XL: "Q2_K",
  Q3_K_XL: "Q3_K_M",
  Q4_K_XL: "Q4_K_M",
  Q5_K_XL: "Q5_K_M",
  Q6_K_XL: "Q6_K",
  Q8_K_XL: "Q8_0",
};

/** A GGUF's type as weights of a Scenario; MXFP4 is how gpt-oss is published. */
export function weightsOf(type: string): string {
  const name = type.toUpperCase();
  return /^MXFP4/.test(name) ? "mxfp4" : `gguf:${BEGUN_WITH[name] ?? name}`;
}
