import type { Part } from "../../answer/estimate.ts";
import { communicatorBytes } from "../../hardware/communicators.ts";
import { gpuOf } from "../../hardware/gpus.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { formatBytes, GIB } from "../../units/mod.ts";

/**
 * What the GPUs' talk takes of each beside PyTorch's allocator: what the scenario
 * gives, or what is assumed of a communicator for each way that the mesh is cut.
 *
 * @returns Null on one GPU of which nothing is given.
 */
export function communicationOf(scenario: Scenario): Part | null {
  const { communication_gib: given } = scenario.overheads;
  if (given !== null) {
    const bytes = Math.round(given * GIB);
    return bytes === 0
      ? null
      : { name: NAME, bytes, formula: "as given", basis: "assumed" };
  }
  const gpu = gpuOf(scenario.hardware.gpu);
  const each = groupsOf(scenario).map((ranks) => ({
    ranks,
    bytes: communicatorBytes(gpu, ranks),
  }));
  const bytes = each.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes === 0) return null;
  return {
    name: NAME,
    bytes,
    formula: each.map((one) =>
      `${formatBytes(one.bytes)} for NCCL's communicator of ${one.ranks} GPUs`
    ).join(" + "),
    basis: "assumed",
    source: "NCCL: buffers of channels; measured on A100 with NVLink alone",
  };
}

const NAME = "communication";

/** Ranks of each group that a GPU talks within; groups of one do not. */
function groupsOf({ parallel, engine }: Scenario): number[] {
  const { gpus, tp, pp, cp, ep } = parallel;
  // Ranks that share a sequence reduce gradients with all others.
  const data = gpus / (tp * pp);
  const shards = engine.sharding === "hybrid"
    ? Math.min(data, parallel.gpus_per_node)
    : data;
  const isFsdp = engine.name === "fsdp" || engine.name === "fsdp2";
  const replicas = isFsdp ? parallel.dp_replicate ?? data / shards : 1;
  return [replicas, data / replicas, tp, pp, cp, ep].filter((ranks) =>
    ranks > 1
  );
}
