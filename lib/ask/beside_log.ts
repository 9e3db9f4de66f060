import type { Estimate } from "../answer/estimate.ts";
import type { DeviceShare, Serving } from "../answer/serving.ts";
import type { LogFigure, LogFigureName } from "../interop/reading/imported.ts";

/** A figure of a log beside the estimate's. */
export interface BesideLog {
  name: LogFigureName;
  /** "GPU 0", …, or "host"; null of the most loaded GPU. */
  device: string | null;
  logged: number;
  /** Null where the estimate has none. */
  estimated: number | null;
  /** The estimate by the log, less 1; null where either is nothing. */
  off: number | null;
  /** Whether they differ by no more than the print rounds. */
  within_rounding: boolean;
  /** The line of the log. */
  line: string;
}

/**
 * Sets what a server printed while it started beside an estimate of the same
 * scenario.
 *
 * @returns A row a figure, in the log's order.
 */
export function besideLog(
  figures: readonly LogFigure[],
  { serve }: Pick<Estimate, "serve">,
): BesideLog[] {
  return figures.map(({ name, device, value, rounding, line }) => {
    const estimated = serve === undefined
      ? null
      : device === null
      ? serve[name]
      : onDevice(serve, device, name);
    return {
      name,
      device,
      logged: value,
      estimated,
      off: estimated === null || value === 0 ? null : estimated / value - 1,
      within_rounding: estimated !== null &&
        Math.abs(estimated - value) <= rounding,
      line,
    };
  });
}

/** What a device's share has under a figure's name; null where it has none. */
function onDevice(
  { devices }: Serving,
  device: string,
  name: LogFigureName,
): number | null {
  const share = devices.find((each) => each.device === device);
  const read = SHARES[name];
  return share && read ? read(share) : null;
}

const SHARES: Partial<Record<LogFigureName, (share: DeviceShare) => number>> = {
  weights_bytes: (share) => share.weights_bytes,
  kv_pool_bytes: (share) => share.kv_bytes + share.state_bytes,
  compute_bytes: (share) => share.compute_bytes,
};
