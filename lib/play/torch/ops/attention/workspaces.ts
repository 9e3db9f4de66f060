import type { Machine } from "../../machine.ts";
import type { Heads } from "./types.ts";

/**
 * What the backward kernel takes inside: an fp32 sum of the queries' gradient and
 * a number a row, and keys' and values' gradients for every query head.
 *
 * Source: Dao-AILab/flash-attention csrc/flash_attn/flash_api.cpp, mha_bwd:
 * sequences are rounded up to 128 and heads to 32 features.
 */
export function workspaces(
  { batch, queries, keys, heads, kvHeads, width }: Heads,
  bytes: number,
  flash: boolean,
): number[] {
  const rounded = Math.ceil(queries / 128) * 128;
  const features = Math.ceil(width / 32) * 32;
  const rows = 4 * batch * heads * rounded;
  if (!flash) return [rows];
  const expanded = bytes * batch * keys * heads * width;
  return [
    rows,
    rows * features,
    ...(heads > kvHeads ? [expanded, expanded] : []),
  ];
}

/** Takes memory while a kernel runs. */
export function takeWithin(m: Machine, sizes: readonly number[]): void {
  const taken = sizes.map((bytes) =>
    m.tape.allocate(bytes, "attention backward", "kernel workspaces")
  );
  for (const storage of taken) m.tape.release(storage);
}
