import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { computed, handed, Scratch } from "./kernel_gradients.ts";
import type { ScanConstants, SelectiveScan } from "./selective_scan.ts";
import { chunkStates } from "./selective_scan.ts";

/** What a scan without its projections reads. */
export interface PlainScan extends ScanConstants {
  /** [rows × inner], by token. */
  readonly u: Value;
  /** [rows × inner] */
  readonly delta: Value;
  /** Whether the time steps lie by token, so are copied. */
  readonly deltaByToken: boolean;
  /** [rows × state], by token. */
  readonly b: Value;
  readonly c: Value;
  /** [rows × inner], by token. */
  readonly z: Value;
}

/**
 * The scan alone: each input that lies by token is laid out by channel first.
 *
 * Source: state-spaces/mamba mamba_ssm/ops/selective_scan_interface.py,
 * SelectiveScanFn with a gate
 *
 * @returns [rows × inner], by channel.
 */
export function plainScan(
  m: Machine,
  { u, delta, deltaByToken, b, c, z, a, d, dtBias }: PlainScan,
  scan: SelectiveScan,
): Value {
  const { dtype } = u;
  const many = u.elements;
  const states = b.elements;
  return m.call(() => {
    const copy = (elements: number, label: string) =>
      m.create(elements, dtype, label);
    const channels = [
      copy(many, "scan input by channel"),
      deltaByToken ? copy(many, "time steps by channel") : m.view(delta),
      copy(states, "B by state"),
      copy(states, "C by state"),
      copy(many, "gate by channel"),
    ];
    const scanned = copy(many, "scan output");
    const ends = chunkStates(m, scan);
    const gated = copy(many, "gated scan output");
    const node = m.record(
      [u, delta, a, b, c, d, z, dtBias],
      [...channels, a, d, dtBias, ends, scanned],
      () => {
        const s = new Scratch(m, dtype);
        s.make(many, "gradient of the scan output by channel");
        const dz = computed(m, z, dtype, "gradient of the gate");
        const du = computed(m, u, dtype, "gradient of the scan input");
        const dDelta = computed(m, delta, dtype, "gradient of time steps");
        const da = computed(m, a, "fp32", "gradient of A");
        const wide = [b, c].map((own) =>
          computed(m, own, "fp32", "gradient of B or C")
        );
        const dd = computed(m, d, "fp32", "gradient of D");
        const dBias = computed(m, dtBias, "fp32", "gradient of the dt bias");
        const [db, dc] = wide.map((grad) => {
          if (dtype === "fp32") return grad;
          return m.grad(null, grad.elements, dtype, "gradient of B or C");
        });
        if (dtype !== "fp32") { for (const grad of wide) m.free(grad); }
        s.end();
        return [
          handed(m, u, du),
          handed(m, delta, dDelta),
          handed(m, a, da),
          handed(m, b, db ?? null),
          handed(m, c, dc ?? null),
          handed(m, d, dd),
          handed(m, z, dz),
          handed(m, dtBias, dBias),
        ];
      },
    );
    gated.source = node && { node, slot: 0 };
    return gated;
  });
}
