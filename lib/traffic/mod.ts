import { dataAssumptions, dataMessages } from "./data_axis.ts";
import { flowOf } from "./flow.ts";
import {
  contextMessages,
  expertMessages,
  pipelineMessages,
  tensorMessages,
} from "./layer_axes.ts";
import type { TrafficQuestion } from "./question.ts";
import type { TrafficSetup } from "./setup.ts";
import { trafficSetup } from "./setup.ts";
import type { Flow, Traffic } from "../answer/traffic.ts";

/**
 * What the busiest GPU sends and receives per optimizer step, per axis of the
 * mesh and collective: rings between ranks, as many micro steps as gradients are
 * accumulated over, and of gradients only those of what trains.
 *
 * Serving has no optimizer step, and one GPU nobody to send to: no flows.
 */
export function trafficOf(question: TrafficQuestion): Traffic {
  if (question.scenario.task === "serve" || question.mesh.gpus === 1) {
    return { ...sumOf([]), assumptions: [] };
  }
  const setup = trafficSetup(question);
  const flows = [
    ...dataMessages(setup),
    ...tensorMessages(setup),
    ...contextMessages(setup),
    ...expertMessages(setup),
    ...pipelineMessages(setup),
  ].flatMap((message) => flowOf(setup, message) ?? []);
  return { ...sumOf(flows), assumptions: assumptionsOf(setup) };
}

function sumOf(flows: Flow[]): Omit<Traffic, "assumptions"> {
  const sum = (key: "sent_bytes" | "node_bytes" | "network_bytes"): number =>
    flows.reduce((total, flow) => total + flow[key], 0);
  const sent = sum("sent_bytes");
  return {
    flows,
    sent_bytes: sent,
    received_bytes: sent,
    node_bytes: sum("node_bytes"),
    network_bytes: sum("network_bytes"),
  };
}

function assumptionsOf(setup: TrafficSetup): string[] {
  const { scenario, model, mesh, recomputed } = setup;
  const { gpus_per_node, virtual_pipeline } = scenario.parallel;
  const said = [
    "collectives are rings, the least that each GPU has to send; in-network reduction would send less",
    ...dataAssumptions(setup),
  ];
  if (mesh.gpus > gpus_per_node) {
    said.push(
      "ranks lie as Megatron lays them: tensor parallel ones beside each other, then context, data and pipeline parallel ones",
    );
  }
  if (mesh.cp > 1) {
    said.push("context parallelism passes keys and values round a ring");
  }
  if (mesh.ep > 1) said.push("every expert gets as many tokens");
  if (recomputed > 0 && mesh.tp * mesh.cp * mesh.ep > 1) {
    said.push(
      "full checkpointing runs each layer's forward traffic once more in the backward pass",
    );
  }
  if (virtual_pipeline > 1 && mesh.pp > 1) {
    said.push(
      `${virtual_pipeline} virtual stages a GPU send ${virtual_pipeline} times as often`,
    );
  }
  if (model.architecture.vision !== null) {
    said.push(
      "a vision tower's own tensor and pipeline traffic is not counted",
    );
  }
  const { offload_optimizer, offload_parameters } = scenario.engine;
  if (offload_optimizer !== "none" || offload_parameters !== "none") {
    said.push("what goes to the host or to disks is not counted");
  }
  return said;
}
