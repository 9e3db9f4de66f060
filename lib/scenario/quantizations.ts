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
] as const;
