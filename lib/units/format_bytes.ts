import { GIB, KIB, MIB } from "./sizes.ts";

/**
 * Writes bytes for a person: "63.45 GiB", "512.0 MiB", "900 B".
 *
 * @param bytes A whole number of bytes, possibly negative.
 */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size >= GIB / 10) return `${(bytes / GIB).toFixed(2)} GiB`;
  if (size >= MIB) return `${(bytes / MIB).toFixed(1)} MiB`;
  if (size >= KIB) return `${(bytes / KIB).toFixed(1)} KiB`;
  return `${bytes} B`;
}
