import type { Host, HostMoments } from "../lib/mod.ts";
import { formatBytes } from "../lib/mod.ts";

/** The peak, and how much of it is page-locked. */
export function hostWords(
  { pinned_bytes = 0, peak_bytes, moments }: Host,
): string {
  const peak = formatBytes(peak_bytes ?? 0);
  // Nothing is page-locked before it trains.
  const isLoading = moments?.loading === peak_bytes;
  return pinned_bytes > 0 && !isLoading
    ? `${peak}, ${formatBytes(pinned_bytes)} of it page-locked`
    : peak;
}

/** When a node's memory holds how much, in a sentence. */
export function momentsWords(
  { loading, training, saving }: HostMoments,
): string {
  return `${formatBytes(loading)} while the model is loaded, ${
    formatBytes(training)
  } in training, ${formatBytes(saving)} while a checkpoint is saved`;
}
