import type { Scenario } from "../scenario/schema.ts";
import { weightFormat } from "../scenario/weight_format.ts";

/** Bytes of one element of a floating-point type. */
export const FLOAT_BYTES = { fp32: 4, bf16: 2, fp16: 2 } as const;

/**
 * Bytes per parameter of quantised weights as the `factors` method has them:
 * int8 and fp8 one byte, 4-bit formats half a byte, NF4 0.56 with its scales.
 */
const QUANTIZED_BYTES: Record<string, number> = {
  "nf4": 0.56,
  "nf4-dq": 0.56,
  "int8": 1,
  "fp8": 1,
  "gptq-int8": 1,
  "int4": 0.5,
  "gptq-int4": 0.5,
  "awq-int4": 0.5,
  "hqq-int4": 0.5,
  "mxfp4": 0.5,
  "nvfp4": 0.5,
  "fp8-block": 1,
  "fp8-channel": 1,
  "w8a8-int8": 1,
};

/**
 * Bits per weight of whole GGUF files of Llama-3.1-8B, as the table of
 * ggml-org/llama.cpp tools/quantize/README.md prints them. Another model's mix
 * of tensor types differs by a few per cent.
 */
const GGUF_BITS: Record<string, number> = {
  IQ1_S: 2.0042,
  IQ1_M: 2.1460,
  IQ2_XXS: 2.3824,
  IQ2_XS: 2.5882,
  IQ2_S: 2.7403,
  IQ2_M: 2.9294,
  IQ3_XXS: 3.2548,
  IQ3_XS: 3.4977,
  IQ3_S: 3.6606,
  IQ3_M: 3.7628,
  IQ4_XS: 4.4597,
  IQ4_NL: 4.6818,
  Q2_K_S: 2.9697,
  Q2_K: 3.1593,
  Q3_K_S: 3.6429,
  Q3_K: 3.9960,
  Q3_K_M: 3.9960,
  Q3_K_L: 4.2979,
  Q4_K_S: 4.6672,
  Q4_K: 4.8944,
  Q4_K_M: 4.8944,
  Q5_K_S: 5.5704,
  Q5_K: 5.7036,
  Q5_K_M: 5.7036,
  Q6_K: 6.5633,
  Q8_0: 8.5008,
  F16: 16.0005,
  BF16: 16.0005,
  F32: 32,
  // Legacy types have one block format: 16-bit scale and 32 weights a block
  // (ggml-common.h), with no mix.
  Q4_0: 4.5,
  Q4_1: 5,
  Q5_0: 5.5,
  Q5_1: 6,
};

/**
 * Bytes per parameter of the weights as they lie on the device.
 *
 * @returns The bytes, or null for a GGUF type whose size is not known.
 */
export function weightBytes(scenario: Scenario): number | null {
  const format = weightFormat(scenario);
  if (format === "none") return FLOAT_BYTES[scenario.precision.weights];
  if (format.startsWith("gguf:")) {
    const bits = GGUF_BITS[format.slice("gguf:".length)];
    return bits === undefined ? null : bits / 8;
  }
  const mean = /^exl[23]:([\d.]+)$/.exec(format);
  return mean ? Number(mean[1]) / 8 : QUANTIZED_BYTES[format] ?? null;
}
