/** Formats of quantised weights that a Scenario names without a prefix. */
export const QUANTIZATIONS = [
  "none",
  "nf4",
  "nf4-dq",
  "int8",
  "fp8",
  "int4",
  "gptq-int4",
  "gptq-int8",
  "awq-int4",
  "hqq-int4",
  "mxfp4",
  "nvfp4",
  "fp8-block",
  "fp8-channel",
  "w8a8-int8",
] as const;

/** Formats that are named with a type or with a mean of bits. */
const PREFIXED = /^(gguf:[A-Z0-9_-]{1,24}|exl[23]:[1-8](\.\d{1,2})?)$/;

/** Whether a name is a format of weights. */
export function isQuantization(name: string): boolean {
  return (QUANTIZATIONS as readonly string[]).includes(name) ||
    PREFIXED.test(name);
}
