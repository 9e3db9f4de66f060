import type { Flow } from "../../answer/traffic.ts";
import { busFactor } from "../../parallel/collective.ts";
import type { RankGroup, RankGroups } from "../../parallel/groups.ts";
import { networkShare } from "../../parallel/groups.ts";
import { groupDigits } from "../../units/mod.ts";
import type { Collective, Program } from "../program/act.ts";

/** Where a rank's program runs. */
export interface Network {
  readonly groups: RankGroups;
  /** GPUs in all, and of a node. */
  readonly gpus: number;
  readonly perNode: number;
}

/** Arrays of as many bytes are named one by one, the others together. */
const NAMED = 3;

/** What a rank sends in a step after the first, by group, collective and purpose. */
export function flowsOf(
  { step }: Pick<Program, "step">,
  network: Network,
): Flow[] {
  const alike = new Map<string, Collective[]>();
  for (const act of step) {
    if (act.act !== "collective" || act.bytes === 0) continue;
    if (network.groups[act.group].size === 1) continue;
    const key = `${act.group}|${act.collective}|${act.what}`;
    const known = alike.get(key);
    if (known) known.push(act);
    else alike.set(key, [act]);
  }
  return [...alike.values()].map((acts) => flowOf(acts, network));
}

function flowOf(
  acts: readonly Collective[],
  { groups, gpus, perNode }: Network,
): Flow {
  const { group: name, collective, what } = acts[0] as Collective;
  const group: RankGroup = groups[name];
  const sizes = new Map<number, number>();
  let calls = 0;
  let all = 0;
  for (const { bytes, times } of acts) {
    sizes.set(bytes, (sizes.get(bytes) ?? 0) + times);
    calls += times;
    all += bytes * times;
  }
  const sent = Math.round(busFactor(collective, group.size) * all);
  const outside = Math.round(sent * networkShare(group, gpus, perNode));
  return {
    axis: group.axis,
    what,
    collective,
    ranks: group.size,
    calls,
    message_bytes: Math.round(all / calls),
    sent_bytes: sent,
    received_bytes: sent,
    node_bytes: sent - outside,
    network_bytes: outside,
    formula: formulaOf(sizes),
  };
}

/** "32 × 404,766,720 B + 262,144,000 B" */
function formulaOf(sizes: ReadonlyMap<number, number>): string {
  const sorted = [...sizes].sort(([a, times], [b, more]) =>
    b * more - a * times
  );
  const others = sorted.slice(NAMED);
  const terms = sorted.slice(0, NAMED).map(([bytes, times]) =>
    times === 1
      ? `${groupDigits(bytes)} B`
      : `${groupDigits(times)} × ${groupDigits(bytes)} B`
  );
  if (others.length > 0) {
    const bytes = others.reduce((sum, [each, times]) => sum + each * times, 0);
    terms.push(`${groupDigits(bytes)} B of others`);
  }
  return terms.join(" + ");
}
