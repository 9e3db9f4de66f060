/** What stands in for a type whose blocks do not divide a row. */
const FALLBACK: Readonly<Record<string, string>> = {
  IQ1_S: "IQ4_NL",
  IQ1_M: "IQ4_NL",
  IQ2_XXS: "IQ4_NL",
  IQ2_XS: "IQ4_NL",
  IQ2_S: "IQ4_NL",
  IQ3_XXS: "IQ4_NL",
  IQ3_S: "IQ4_NL",
  IQ4_XS: "IQ4_NL",
  Q2_0: "Q4_0",
  Q2_K: "Q4_0",
  Q3_K: "Q4_0",
  TQ1_0: "Q4_0",
  TQ2_0: "Q4_0",
  Q4_K: "Q5_0",
  Q5_K: "Q5_1",
  Q6_K: "Q8_0",
};

/**
 * A type whose blocks divide a row: the one asked, what llama-quantize puts in its
 * place, or F16.
 *
 * Source: llama.cpp src/llama-quant.cpp, tensor_type_fallback.
 */
export function fittingType(
  type: string,
  row: number,
  blockOf: (type: string) => number,
): string {
  if (row % blockOf(type) === 0) return type;
  const other = FALLBACK[type];
  return other !== undefined && row % blockOf(other) === 0 ? other : "F16";
}
