import type { Estimate } from "../lib/mod.ts";
import { formatBytes } from "../lib/mod.ts";

/**
 * What becomes of a paged optimizer's states on the scenario's own GPU, which are
 * no part of what it has to hold: "3.10 GiB of paged optimizer states move to the
 * host; the other 2.00 GiB take what is left".
 *
 * @returns Null without a paged optimizer, or where the rest does not fit.
 */
export function pagedWords(
  { memory: { paged }, fit }: Estimate,
): string | null {
  const own = fit[0];
  if (!paged || !own?.fits) return null;
  if (paged.host_bytes === 0) {
    return `${
      formatBytes(paged.bytes)
    } of paged optimizer states lie beside that, and would move to the host under pressure`;
  }
  const moved = `${
    formatBytes(paged.host_bytes)
  } of paged optimizer states move to the host`;
  return paged.device_bytes === 0
    ? moved
    : `${moved}; the other ${
      formatBytes(paged.device_bytes)
    } take what is left of the GPU`;
}

/** Of what the band speaks: pages on the device too, which need not fit. */
export function pagesIncluded({ memory: { paged } }: Estimate): string {
  return paged && paged.device_bytes > 0 ? ", pages included," : "";
}

/**
 * What the band says where pages fill the GPU up at both of its ends.
 *
 * @returns Null where its ends differ, and without a band.
 */
export function filledWords(
  { memory: { paged, low_bytes: low, high_bytes: high } }: Estimate,
): string | null {
  return paged && low !== null && low === high
    ? "Nine measured runs in ten fill the GPU too, with more or fewer of the pages on the host"
    : null;
}
