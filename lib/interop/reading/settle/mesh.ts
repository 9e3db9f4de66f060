import { settingText } from "../draft.ts";
import type { Ignored } from "../imported.ts";
import type { Merged } from "./merged.ts";
import { mergedValueAt } from "./merged.ts";

/** GPUs that hold one replica together: tp × pp × cp. */
export function replicaOf(merged: Merged): number {
  return ["tp", "pp", "cp"].reduce(
    (product, size) =>
      product * Number(mergedValueAt(merged, `parallel.${size}`) ?? 1),
    1,
  );
}

/** Takes as many GPUs as one replica needs. */
export function assumeOneReplica(merged: Merged): void {
  merged.assumed.set("parallel.gpus", {
    value: replicaOf(merged),
    reason: "one replica of tp × pp × cp, since no file says how many GPUs",
  });
}

/**
 * The ways that tp, pp and cp split a replica, over so many GPUs.
 *
 * @returns What does not fit: flags and fields may still mend it.
 */
export function settleMesh(merged: Merged): Ignored | null {
  const replica = replicaOf(merged);
  if (!(replica > 1)) return null;
  const gpus = mergedValueAt(merged, "parallel.gpus");
  if (gpus === undefined) {
    if (!merged.facts.has("global_batch")) assumeOneReplica(merged);
    return null;
  }
  if (Number(gpus) % replica === 0) return null;
  return {
    key: merged.stated.get("parallel.gpus")?.key ?? "parallel.gpus",
    value: settingText(gpus),
    reason:
      `tp × pp × cp = ${replica} GPUs hold a replica: these are no multiple of it; give their number`,
    moves_memory: true,
  };
}

/** GPUs per machine, where a file says how many machines there are. */
export function settleNodes(merged: Merged): void {
  const nodes = merged.facts.get("nodes");
  const gpus = Number(mergedValueAt(merged, "parallel.gpus"));
  if (!nodes || !Number.isInteger(gpus)) return;
  const perNode = gpus / Number(nodes.value);
  if (Number.isInteger(perNode) && Number(nodes.value) > 1) {
    merged.stated.set("parallel.gpus_per_node", {
      value: perNode,
      key: nodes.key,
    });
  }
}
