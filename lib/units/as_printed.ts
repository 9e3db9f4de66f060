import { GIB, KIB, MIB } from "./sizes.ts";

/**
 * Writes bytes as PyTorch's messages do, so that they are found again in the text:
 * "592.00 MiB", "3.91 GiB".
 */
export function asPrinted(bytes: number): string {
  if (bytes < KIB) return `${bytes} bytes`;
  if (bytes < MIB) return `${(bytes / KIB).toFixed(2)} KiB`;
  return bytes < GIB
    ? `${(bytes / MIB).toFixed(2)} MiB`
    : `${(bytes / GIB).toFixed(2)} GiB`;
}
