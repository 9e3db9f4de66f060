import type { Estimate } from "../lib/mod.ts";
import { formatBytes } from "../lib/mod.ts";

/**
 * What becomes of a paged optimizer's states on the scenario's own GPU:
 * "3.10 GiB of paged optimizer states move to the host".
 *
 * @returns Null without a paged optimizer, or where the rest does not fit.
 */
export function pagedWords(
  { memory: { paged }, fit }: Estimate,
): string | null {
  const own = fit[0];
  if (!paged || !own?.fits) return null;
  if (paged.host_bytes > 0) {
    return `${
      formatBytes(paged.host_bytes)
    } of paged optimizer states move to the host`;
  }
  return `${
    formatBytes(paged.bytes)
  } of it are paged optimizer states, which would move to the host`;
}
