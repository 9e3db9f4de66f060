import { parseNumber } from "./parse_number.ts";
import { GIB, KIB, MIB } from "./sizes.ts";

const BYTES: Record<string, number> = {
  "": GIB,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: KIB,
  mib: MIB,
  gib: GIB,
  tib: 1024 * GIB,
};

/**
 * Reads an amount of memory that a person typed: "80GB" (10^9), "79.3GiB"
 * (2^30), "81920 MiB". A bare number is GiB.
 *
 * @returns The amount in GiB, or null when the text is not an amount.
 */
export function parseGib(text: string): number | null {
  const parsed = parseNumber(text);
  if (!parsed) return null;
  if (parsed.suffix === "") return parsed.number;
  const bytes = Object.hasOwn(BYTES, parsed.suffix)
    ? BYTES[parsed.suffix]
    : undefined;
  return bytes === undefined ? null : parsed.number * bytes / GIB;
}
