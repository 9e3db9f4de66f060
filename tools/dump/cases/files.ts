import type { Case } from "../case.ts";
import {
  filesOfIndex,
  rangesOfBlob,
  readGguf,
  readSafetensors,
} from "../doors.ts";

/** Types of a GGUF file's metadata. */
const [UINT32, STRING] = [4, 8];

/** Headers of safetensors files, some of them broken. */
const HEADERS: readonly unknown[] = [
  {},
  {
    __metadata__: { format: "pt" },
    "a.weight": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: "BF16", shape: [], data_offsets: [24, 26] },
  },
  { a: 1 },
  { a: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } },
  { a: { dtype: 1, shape: [1], data_offsets: [0, 4] } },
  { a: { dtype: "F32", shape: "x" } },
  [],
  "{",
];

const INDEXES = [
  "{",
  "{}",
  `{"weight_map": {}}`,
  `{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}`,
  `{"weight_map": {"a": "../x.safetensors"}}`,
  `{"weight_map": {"a": 1}}`,
];

/** Files of checkpoints, read; what is broken is refused by an exception. */
export function fileCases(): Case[] {
  return [
    ...HEADERS.map((header) => ({
      id: `safetensors ${JSON.stringify(header)}`,
      answer: () => readSafetensors(rangesOfBlob(safetensors(header))),
    })),
    ...INDEXES.map((text) => ({
      id: `index ${text}`,
      answer: () =>
        filesOfIndex(text, new Set(["model-00001-of-00002.safetensors"])),
    })),
    ...[0, 1, 2, 1e9].map((claimed) => ({
      id: `gguf file that claims ${claimed} tensors`,
      answer: () => readGguf(rangesOfBlob(gguf(claimed))),
    })),
    {
      id: "gguf file that is none",
      answer: () => readGguf(rangesOfBlob(new Blob(["none"]))),
    },
  ];
}

function safetensors(header: unknown): Blob {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  return new Blob([little(text.length, 8), text, new Uint8Array(64)]);
}

function gguf(claimed: number): Blob {
  return new Blob([
    "GGUF",
    little(3, 4),
    little(claimed, 8),
    little(2, 8),
    ...named("general.architecture"),
    little(STRING, 4),
    ...named("llama"),
    ...named("llama.block_count"),
    little(UINT32, 4),
    little(1, 4),
    ...named("token_embd.weight"),
    little(2, 4),
    little(64, 8),
    little(100, 8),
    little(0, 4),
    little(0, 8),
    new Uint8Array(64),
  ]);
}

function named(text: string): (Uint8Array<ArrayBuffer> | string)[] {
  return [little(text.length, 8), text];
}

function little(value: number, bytes: 4 | 8): Uint8Array<ArrayBuffer> {
  const part = new Uint8Array(bytes);
  const view = new DataView(part.buffer);
  if (bytes === 4) view.setUint32(0, value, true);
  else view.setBigUint64(0, BigInt(value), true);
  return part;
}
