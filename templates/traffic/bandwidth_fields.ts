import type { Bandwidths, Problem } from "../../lib/mod.ts";

/** Parameters of an address, and flags, that say how fast links are. */
export const BANDWIDTH_FIELDS = [
  { key: "node", name: "node_gbs", label: "In the node" },
  { key: "network", name: "network_gbs", label: "Between nodes" },
] as const satisfies readonly {
  key: keyof Bandwidths;
  name: string;
  label: string;
}[];

/** Fastest link that is taken, in GB/s: a thousand times today's. */
const MAX_GBS = 1e6;

/**
 * Reads the speeds of links.
 *
 * @param read The text under a name; undefined or blank where there is none.
 * @param nameOf What messages call a field.
 */
export function readBandwidths(
  read: (name: string) => string | undefined,
  nameOf: (name: string) => string = (name) => name,
): { bandwidths: Bandwidths; problems: Problem[] } {
  const bandwidths: Bandwidths = { node: null, network: null };
  const problems: Problem[] = [];
  for (const { key, name } of BANDWIDTH_FIELDS) {
    const text = read(name)?.trim() ?? "";
    if (text === "") continue;
    const value = /^[\d.]+(e\d+)?$/i.test(text) ? Number(text) : NaN;
    if (value > 0 && value <= MAX_GBS) bandwidths[key] = value;
    else {
      problems.push({
        path: name,
        message: `${
          nameOf(name)
        } must be a number of GB/s above 0 and at most ${MAX_GBS}: current value is ${
          JSON.stringify(text.slice(0, 80))
        }`,
      });
    }
  }
  return { bandwidths, problems };
}
