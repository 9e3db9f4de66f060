import { changeOf } from "../../play/readers/peak.ts";
import type { ServedProgram, ServedStretch } from "./program.ts";

/** Bytes that each phase reaches, workspaces of libraries left out. */
export type PhasePeaks = Readonly<
  Record<"load" | ServedStretch["name"], number>
>;

/**
 * What each phase of a program reaches.
 *
 * @param workspaces Bytes that libraries keep.
 */
export function phasePeaks(
  { program, stretches }: ServedProgram,
  workspaces: number,
): PhasePeaks {
  const load = program.load.reduce((sum, { buffer }) => sum + buffer.bytes, 0);
  const peaks = { load: load - workspaces, prefill: 0, decode: 0, sampling: 0 };
  const starts = new Map<number, ServedStretch>(
    stretches.filter(({ from, to }) => to > from).map((
      each,
    ) => [each.from, each]),
  );
  let current = load - workspaces;
  let phase: ServedStretch | null = null;
  for (const [index, act] of program.step.entries()) {
    phase = starts.get(index) ?? phase;
    const { net, peak } = changeOf(act);
    const name = phase?.name ?? "prefill";
    peaks[name] = Math.max(peaks[name], current + peak);
    current += net;
  }
  return peaks;
}
