import type { Bandwidths, Traffic, TrafficTime } from "../answer/traffic.ts";

/** Bytes of a GB, as speeds of links are given. */
const GB = 1e9;

/**
 * The least time that a step's traffic takes: the bytes of each kind of link
 * over its speed, both kinds at once, without any latency. What overlaps with
 * computing costs less of the step, what is not at full speed more.
 *
 * Source: NVIDIA/nccl-tests, doc/PERFORMANCE.md: the bus bandwidth is at most
 * that of the hardware's slowest link.
 */
export function trafficTime(
  { node_bytes, network_bytes }: Pick<Traffic, "node_bytes" | "network_bytes">,
  { node, network }: Bandwidths,
): TrafficTime {
  const node_seconds = node === null ? null : node_bytes / (node * GB);
  const network_seconds = network === null
    ? null
    : network_bytes / (network * GB);
  const known = [node_seconds, network_seconds].filter((each) => each !== null);
  const longest = Math.max(...known);
  const isUnknown = known.length === 0 ||
    (longest === 0 && node_bytes + network_bytes > 0);
  return {
    node_seconds,
    network_seconds,
    at_least_seconds: isUnknown ? null : longest,
  };
}
