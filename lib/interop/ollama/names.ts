import { findModel } from "../../models/catalogue.ts";
import { LIBRARY_TYPE, LIBRARY_TYPES } from "../../scenario/library_tag.ts";
import type { NamedGguf } from "../reading/serving/gguf_names.ts";
import { ggufOfFile, ggufOfRepository } from "../reading/serving/gguf_names.ts";

/** Sizes that a name alone stands for. */
const USUAL_SIZES: Readonly<Record<string, string>> = {
  "llama3": "8b",
  "llama3.1": "8b",
  "llama3.2": "3b",
  "llama3.3": "70b",
  "qwen2.5": "7b",
  "qwen3": "8b",
  "gemma2": "9b",
  "gemma3": "4b",
  "mistral": "7b",
  "mixtral": "8x7b",
  "phi3": "mini",
  "gpt-oss": "20b",
};

/**
 * The model that `FROM` names: a GGUF's path, a repository of the Hub, or a name of
 * ollama's library, such as `llama3.1:8b-instruct-q4_K_M`.
 */
export function ollamaModel(text: string): NamedGguf {
  const name = text.trim();
  if (/\.gguf$/i.test(name)) return ggufOfFile(name);
  const hub = /^(?:hf\.co|huggingface\.co)\/(.+)$/i.exec(name)?.[1];
  if (hub !== undefined) return ggufOfRepository(hub);
  const [library = "", tag = ""] = name.toLowerCase().split(":");
  const family = library.split("/").at(-1) ?? "";
  const type = /(?:^|-)(i?q\d[a-z0-9_]*|fp16|bf16|f16)$/.exec(tag)?.[1];
  const size = tag.replace(/-?(?:i?q\d[a-z0-9_]*|fp16|bf16|f16)$/, "");
  const known = candidates(family, size === "latest" ? "" : size)
    .map(findModel).find((each) => each !== null);
  return {
    model: known?.id ?? name,
    type: typeNamed(type) ?? LIBRARY_TYPES[family] ?? LIBRARY_TYPE,
    isKnown: known !== undefined,
  };
}

function typeNamed(type: string | undefined): string | null {
  return type?.toUpperCase().replace("FP16", "F16") ?? null;
}

/**
 * How the Hub may write a family and a size: `llama3.1` is `Llama-3.1` there. A name
 * alone stands for the instructed model.
 */
function candidates(family: string, tag: string): string[] {
  const size = tag.split("-")[0] || USUAL_SIZES[family] || "";
  const spaced = family.replace(/^([a-z]+)(\d)/, "$1-$2");
  const rest = tag.includes("-") ? [tag] : [];
  return [...rest, `${size}-instruct`, `${size}-it`, size].flatMap((end) =>
    [family, spaced].flatMap((name) =>
      end === "" ? [name] : [
        `${name}-${end}`,
        `meta-${name}-${end}`,
        `${name}-${end}-v0.3`,
        `${name}-${end}-instruct-v0.1`,
        `${name}-${end}-v0.1`,
      ]
    )
  );
}
