import type { Scenario } from "../../scenario/schema.ts";
import { versionOf } from "../../scenario/version.ts";
import { weightFormat } from "../../scenario/weight_format.ts";

/** Formats that bitsandbytes packs, and whether a product expands the matrix. */
const FORMATS: ReadonlyMap<string, { readonly expands: boolean }> = new Map([
  ["nf4", { expands: true }],
  ["nf4-dq", { expands: true }],
  ["int8", { expands: false }],
]);

/** Whether bitsandbytes packs a Scenario's weights. */
export function isBitsandbytes(scenario: Scenario): boolean {
  return FORMATS.has(weightFormat(scenario));
}

/**
 * How bitsandbytes multiplies what it has packed: whether the whole matrix is
 * expanded first, and whether the input is kept though no weight trains, as it was
 * up to release 0.42.
 *
 * Source: bitsandbytes autograd/_functions.py, MatMul4Bit and MatMul8bitLt
 *
 * @returns Null of formats of others.
 */
export function bitsandbytesProduct(
  scenario: Scenario,
): { readonly expands: boolean; readonly savesInput: boolean } | null {
  const format = FORMATS.get(weightFormat(scenario));
  if (!format) return null;
  const version = versionOf(scenario.software.bitsandbytes);
  const savesInput = version !== null && version.major === 0 &&
    version.minor < 43;
  return { ...format, savesInput };
}
