import { changeOf } from "../../play/readers/peak.ts";
import type { ServedPhase, ServedProgram } from "./program.ts";

/** A phase, and the bytes that it reaches without the libraries' workspaces. */
export interface PhasePeak {
  readonly name: "load" | ServedPhase;
  readonly bytes: number;
}

/**
 * What each phase of a program reaches: as they begin, and last of all what picks
 * each token.
 *
 * @param workspaces Bytes that libraries keep.
 */
export function phasePeaks(
  { program, stretches }: ServedProgram,
  workspaces: number,
): PhasePeak[] {
  const load = program.load.reduce((sum, { buffer }) => sum + buffer.bytes, 0);
  let current = load - workspaces;
  const peaks = new Map<PhasePeak["name"], number>([["load", current]]);
  const names: ServedPhase[] = [];
  for (const { name, from, to } of stretches) {
    for (let at = from; at < to; at++) names[at] = name;
  }
  for (const [index, act] of program.step.entries()) {
    const { net, peak } = changeOf(act);
    const name = names[index];
    if (name) peaks.set(name, Math.max(peaks.get(name) ?? 0, current + peak));
    current += net;
  }
  const sampling = peaks.get("sampling");
  peaks.delete("sampling");
  if (sampling !== undefined) peaks.set("sampling", sampling);
  return [...peaks].map(([name, bytes]) => ({ name, bytes }));
}
