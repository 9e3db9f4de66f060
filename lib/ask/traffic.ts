import type { Flow, Traffic } from "../answer/traffic.ts";
import type { Step } from "../engines/step.ts";
import { playedStep } from "../methods/timeline/remembered.ts";
import { uncoveredBy } from "../methods/timeline/uncovered_by.ts";
import type { Model } from "../models/model.ts";
import type { Mesh } from "../parallel/mesh.ts";
import { flowsOf } from "../play/readers/traffic.ts";
import type { Scenario } from "../scenario/schema.ts";

/** What a step's traffic is asked of. */
export interface TrafficQuestion {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly mesh: Mesh;
}

/**
 * What the most loaded GPU sends and receives per optimizer step, read off what it
 * does in one. Serving has no optimizer step, and one GPU nobody to send to: no
 * flows. A step that is not played has none that are known.
 */
export function trafficOf({ scenario, model, mesh }: TrafficQuestion): Traffic {
  if (scenario.task === "serve" || mesh.gpus === 1) return sumOf([], [], null);
  const missing = uncoveredBy(scenario);
  if (missing !== null) return sumOf([], [], missing);
  const played = playedStep(scenario, model);
  if ("reason" in played) return sumOf([], [], played.reason);
  const { step } = played;
  const flows = flowsOf(step.program, {
    groups: step.groups,
    gpus: mesh.gpus,
    perNode: scenario.parallel.gpus_per_node,
  });
  return sumOf(flows, assumptionsOf({ scenario, mesh }, step, flows), null);
}

function sumOf(
  flows: Flow[],
  assumptions: string[],
  not_counted: string | null,
): Traffic {
  const sum = (key: "sent_bytes" | "node_bytes" | "network_bytes"): number =>
    flows.reduce((total, flow) => total + flow[key], 0);
  const sent = sum("sent_bytes");
  return {
    flows,
    sent_bytes: sent,
    received_bytes: sent,
    node_bytes: sum("node_bytes"),
    network_bytes: sum("network_bytes"),
    assumptions,
    not_counted,
  };
}

function assumptionsOf(
  { scenario, mesh }: Pick<TrafficQuestion, "scenario" | "mesh">,
  { assumptions, rank }: Step,
  flows: readonly Flow[],
): string[] {
  const { engine, train, parallel } = scenario;
  const said = [
    "collectives are rings, the least that each GPU has to send; in-network reduction would send less",
    ...assumptions,
  ];
  if (rank.name !== "all") {
    said.push(`it is what the GPU that holds most sends: ${rank.name}`);
  }
  const reduced = flows.find(({ axis, what }) =>
    axis === "data" && what === "gradients"
  );
  const isDeepSpeed = ["auto", "deepspeed"].includes(engine.name);
  if (
    isDeepSpeed && [1, 2].includes(engine.zero_stage) &&
    reduced?.collective === "all-reduce"
  ) {
    said.push(
      "DeepSpeed all-reduces buckets of gradients (use_multi_rank_bucket_allreduce, its default); without, they cost half of that, as in the ZeRO paper",
    );
  }
  if (train.gradient_accumulation > 1 && reduced) {
    said.push(
      isReducedEach(scenario)
        ? "sharded gradients are reduced in every micro step"
        : "gradients are reduced once a step, after the last micro step",
    );
  }
  if (mesh.ep > 1 && !flows.some(({ axis }) => axis === "expert")) {
    said.push("tokens that go to their experts and back are not counted");
  }
  if (mesh.gpus > parallel.gpus_per_node) {
    said.push(
      "ranks lie as Megatron lays them: tensor parallel ones beside each other, then context, data and pipeline parallel ones",
    );
  }
  if (
    engine.offload_optimizer !== "none" || engine.offload_parameters !== "none"
  ) {
    said.push("what goes to the host or to disks is not counted");
  }
  return said;
}

/** Whether an engine reduces gradients in every micro step. */
function isReducedEach({ engine }: Scenario): boolean {
  return engine.name === "fsdp" || engine.name === "fsdp2"
    ? !engine.no_sync
    : engine.name !== "ddp" && engine.zero_stage >= 2;
}
