/** What ollama's library has where a tag names no type. */
export const LIBRARY_TYPE = "Q4_K_M";

/** Families whose library has another. */
export const LIBRARY_TYPES: Readonly<Record<string, string>> = {
  "gpt-oss": "MXFP4",
};

/** The type that a tag ends with, such as `8b-instruct-q4_K_M`. */
export const TAGGED_TYPE = /(?:^|-)(i?q\d[a-z\d_]*|fp16|bf16|f16|qat)$/i;

/**
 * Whether a model is named as ollama's library names one whose file is of the
 * library's usual type, such as `llama3.1:8b`.
 *
 * Source: https://ollama.com/library
 */
export function isUsualTag(model: unknown): boolean {
  if (typeof model !== "string") return false;
  const [, family, tag] = /^([a-z][\w.-]*):([\w.-]+)$/i.exec(model.trim()) ??
    [];
  if (family === undefined || tag === undefined) return false;
  return !Object.hasOwn(LIBRARY_TYPES, family.toLowerCase()) &&
    !TAGGED_TYPE.test(tag);
}
