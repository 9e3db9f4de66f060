import { GIB, KIB, MIB } from "../units/mod.ts";
import { ofAmounts } from "./patterns.ts";

/** An amount of memory as a program prints it. */
export interface Printed {
  readonly bytes: number;
  /** By how much the print may be off: half of its last digit. */
  readonly rounding: number;
}

const WHOLE = ofAmounts("^%A");

/**
 * Bytes of a unit. The programs that are read count GPU memory in powers of two,
 * whatever they call them: PyTorch's MPS and SGLang write GB for GiB.
 */
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  bytes: 1,
  kb: KIB,
  kib: KIB,
  mb: MIB,
  mib: MIB,
  mbytes: MIB,
  gb: GIB,
  gib: GIB,
  gbytes: GIB,
  tb: 1024 * GIB,
  tib: 1024 * GIB,
  // XLA and Kubernetes leave the B out.
  k: KIB,
  ki: KIB,
  m: MIB,
  mi: MIB,
  g: GIB,
  gi: GIB,
  t: 1024 * GIB,
  ti: 1024 * GIB,
};

/** Amounts beyond any machine: a counter that ran over is no amount. */
const MOST = 2 ** 50;

/** Reads an amount; null where it is none, or more than any machine has. */
export function printedAmount(digits: string, unit: string): Printed | null {
  const size = UNITS[unit.toLowerCase()];
  if (size === undefined) return null;
  const bytes = Math.round(Number(digits) * size);
  const decimals = digits.split(".")[1]?.length ?? 0;
  return bytes > MOST ? null : {
    bytes,
    rounding: size === 1 ? 0 : Math.ceil(size / 10 ** decimals / 2),
  };
}

/** Reads the amount that a text begins with. */
export function amountAt(text: string): Printed | null {
  const [, digits = "", unit = ""] = WHOLE.exec(text) ?? [];
  return digits === "" ? null : printedAmount(digits, unit);
}

/**
 * Finds the first amount that a pattern's two groups have.
 *
 * @param pattern As {@linkcode ofAmounts} makes them.
 */
export function amountIn(text: string, pattern: RegExp): Printed | null {
  const [, digits, unit] = pattern.exec(text) ?? [];
  return digits === undefined || unit === undefined
    ? null
    : printedAmount(digits, unit);
}
