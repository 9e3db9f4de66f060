import { ggmlType } from "../../lib/models/headers/ggml_types.ts";
import type { GgufTensor } from "../../lib/models/headers/mod.ts";

/** Numbers of the types of metadata in a GGUF file. */
const UINT32 = 4;
const STRING = 8;
const ARRAY = 9;
/** Most bytes of weights that are written, whatever the shapes claim. */
const MAX_WEIGHTS = 10_000_000;

/** What a GGUF file is written from. */
export interface GgufContent {
  metadata: Record<string, number | string | number[]>;
  tensors: GgufTensor[];
  /** What the header claims instead of the number of tensors. */
  claimed?: number;
}

/**
 * Writes a GGUF file of version 3, its weights all zero.
 *
 * Source of the format: ggml-org/ggml docs/gguf.md.
 */
export function ggufFile(
  { metadata, tensors, claimed }: GgufContent,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const number = (value: number, bytes: 4 | 8): void => {
    const part = new Uint8Array(bytes);
    const view = new DataView(part.buffer);
    if (bytes === 4) view.setUint32(0, value, true);
    else view.setBigUint64(0, BigInt(value), true);
    parts.push(part);
  };
  const text = (value: string): void => {
    const encoded = new TextEncoder().encode(value);
    number(encoded.length, 8);
    parts.push(encoded);
  };
  parts.push(new TextEncoder().encode("GGUF"));
  number(3, 4);
  number(claimed ?? tensors.length, 8);
  number(Object.keys(metadata).length, 8);
  for (const [key, value] of Object.entries(metadata)) {
    text(key);
    if (typeof value === "string") {
      number(STRING, 4);
      text(value);
    } else if (typeof value === "number") {
      number(UINT32, 4);
      number(value, 4);
    } else {
      number(ARRAY, 4);
      number(UINT32, 4);
      number(value.length, 8);
      for (const item of value) number(item, 4);
    }
  }
  let weights = 0;
  for (const { name, shape, type } of tensors) {
    text(name);
    number(shape.length, 4);
    for (const size of shape) number(size, 8);
    number(type, 4);
    number(weights, 8);
    const { elements, bytes } = ggmlType(type) ?? { elements: 1, bytes: 0 };
    const count = shape.reduce((product, size) => product * size, 1);
    weights += Math.ceil(count / elements * bytes / 32) * 32;
  }
  const header = parts.reduce((sum, { length }) => sum + length, 0);
  const file = new Uint8Array(
    Math.ceil(header / 32) * 32 + Math.min(weights, MAX_WEIGHTS),
  );
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** A small llama as llama.cpp converts it; its layers in Q8_0. */
export function smallLlama(): GgufContent {
  const layer = (at: number): GgufTensor[] => [
    { name: `blk.${at}.attn_norm.weight`, shape: [64], type: 0 },
    { name: `blk.${at}.attn_q.weight`, shape: [64, 64], type: 8 },
    { name: `blk.${at}.attn_k.weight`, shape: [64, 32], type: 8 },
    { name: `blk.${at}.attn_v.weight`, shape: [64, 32], type: 8 },
    { name: `blk.${at}.attn_output.weight`, shape: [64, 64], type: 8 },
    { name: `blk.${at}.ffn_norm.weight`, shape: [64], type: 0 },
    { name: `blk.${at}.ffn_gate.weight`, shape: [64, 96], type: 8 },
    { name: `blk.${at}.ffn_up.weight`, shape: [64, 96], type: 8 },
    { name: `blk.${at}.ffn_down.weight`, shape: [96, 64], type: 8 },
  ];
  return {
    metadata: {
      "general.architecture": "llama",
      "llama.block_count": 3,
      "llama.embedding_length": 64,
      "llama.feed_forward_length": 96,
      "llama.attention.head_count": 4,
      "llama.attention.head_count_kv": [2, 2, 2],
      "llama.context_length": 512,
    },
    tensors: [
      { name: "token_embd.weight", shape: [64, 320], type: 1 },
      ...[0, 1, 2].flatMap(layer),
      { name: "output_norm.weight", shape: [64], type: 0 },
      { name: "output.weight", shape: [64, 320], type: 2 },
      { name: "rope_freqs.weight", shape: [8], type: 0 },
    ],
  };
}

/** Parameters of {@linkcode smallLlama}. */
export const SMALL_LLAMA = 2 * 320 * 64 + 64 +
  3 * (2 * 64 + 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 96);
