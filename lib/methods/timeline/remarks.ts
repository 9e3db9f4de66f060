import type { Paged } from "../../answer/estimate.ts";
import { changesOf } from "../../scenario/default_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { plainObjective } from "../../plan/objective/words.ts";
import type { Step } from "../../engines/step.ts";
import type { Answer } from "../method.ts";
import { approximations } from "./approximations.ts";
import { loadingWarnings } from "./loading_remarks.ts";
import { headChoices, headWarnings } from "./head_remarks.ts";
import { encoderChoices, encoderWarnings } from "./encoder_remarks.ts";
import {
  stateSpaceChoices,
  stateSpaceWarnings,
} from "./state_space_remarks.ts";
import { askedImplementation } from "../../optimizers/implementation.ts";
import { sight } from "./sight_remarks.ts";
import { defaultsTaken } from "../defaults_taken.ts";
import { formatBytes } from "../../units/mod.ts";
import { coveredBy } from "./covered.ts";
import { uncovered } from "../uncovered.ts";
import { unused } from "../unused.ts";

/** What a timeline's reader has to know about it. */
export function remarksOf(
  played: Step,
  paged?: Paged,
): Pick<Answer, "assumptions" | "warnings"> {
  const { scenario } = played;
  const { model } = played.plan;
  // What is said is said of the settings as they were asked for.
  const step = { ...played, plan: { ...played.plan, scenario } };
  const covered = coveredBy(step);
  const changes = changesOf(scenario);
  const meaningless = unused(scenario, changes);
  return {
    assumptions: [
      ...defaultsTaken(scenario, model, changes, covered),
      ...model.notes,
      ...choices(step),
      ...spreadOf(step),
      ...(paged ? [pagedWords(paged)] : []),
      ...[...meaningless].map(([path, reason]) =>
        `${path} is not used: ${reason}`
      ),
    ],
    warnings: [
      ...loadingWarnings(step),
      ...approximations(step),
      ...aloneWarnings(scenario),
      ...encoderWarnings(step),
      ...headWarnings(step),
      ...stateSpaceWarnings(step),
      ...(step.plan.objective?.warnings ?? []),
      ...uncovered(changes, covered, meaningless).map((field) =>
        `${field} has no effect: the timeline method does not model it ${
          scenario.parallel.gpus === 1
            ? "on one GPU"
            : `with ${ENGINE_WORDS[step.engine.name] ?? step.engine.name}`
        }`
      ),
    ],
  };
}

/** What engines are called in sentences. */
const ENGINE_WORDS: Readonly<Record<string, string>> = {
  ddp: "DDP",
  fsdp: "FSDP 1",
  fsdp2: "FSDP 2",
  deepspeed: "DeepSpeed",
  megatron: "Megatron-Core",
  "megatron-deepspeed": "Megatron-DeepSpeed",
};

/** Whether hybrid sharding has but one node. */
function isOneNode({ engine, parallel }: Scenario): boolean {
  return engine.sharding === "hybrid" && parallel.dp_replicate === null &&
    parallel.gpus <= parallel.gpus_per_node;
}

/** An engine that shards, on one GPU, where nothing lies on the host instead. */
function aloneWarnings({ engine, parallel }: Scenario): string[] {
  const { name, zero_stage, offload_optimizer, offload_parameters } = engine;
  const shards = name === "fsdp" || name === "fsdp2" || zero_stage > 0;
  const offloads = offload_optimizer !== "none" ||
    offload_parameters !== "none";
  return parallel.gpus > 1 || !shards || offloads ? [] : [
    `parallel.gpus is 1: ${
      zero_stage > 0 ? `engine.zero_stage ${zero_stage}` : `engine.name ${name}`
    } shards nothing on one GPU; parallel.gpus 2 or more shards`,
  ];
}

/** Who spreads the step over the GPUs, and what that takes for granted. */
function spreadOf({ engine, scenario, rank, assumptions }: Step): string[] {
  const { gpus, rank: asked } = scenario.parallel;
  if (gpus === 1) return [...assumptions];
  const name = ENGINE_WORDS[engine.name] ?? engine.name;
  return [
    `The step runs on ${gpus} GPUs under ${name}; ${
      asked !== null
        ? `the answer is that of rank ${asked}`
        : rank.name === "all"
        ? "all hold as much as the first, or less where shards do not divide evenly"
        : `the answer is that of the most loaded rank, ${rank.name}`
    }`,
    ...assumptions,
    ...(engine.name.startsWith("fsdp") && isOneNode(scenario)
      ? [
        `engine.sharding hybrid: the ${gpus} GPUs are one node, within which shards are dealt out as by full`,
      ]
      : []),
    "What NCCL takes beside PyTorch's allocator is assumed: overheads.communication_gib gives it where it is known",
  ];
}

function choices(step: Step): string[] {
  return [
    ...sight(step),
    ...encoderChoices(step),
    ...headChoices(step),
    ...stateSpaceChoices(step),
    ...settled(step),
    ...(step.plan.objective?.assumptions ??
      [plainObjective(step.scenario)].filter((said) => said !== null)),
  ];
}

/** Where the states of a paged optimizer lie. */
function pagedWords({ bytes, host_bytes }: Paged): string {
  const lie = `optimizer.paged: ${
    formatBytes(bytes)
  } of optimizer states lie in managed memory, neither allocated nor reserved`;
  return host_bytes === 0
    ? `${lie}; all of it has room on the device, and moves to the host under pressure`
    : `${lie}; ${formatBytes(host_bytes)} of it moves to the host`;
}

/** How a library's own kernels step. */
const LIBRARIES = {
  bitsandbytes: "The optimizer is bitsandbytes', whose kernels step in place",
  torchao:
    "The optimizer is torchao's, whose step of each tensor is compiled: what its kernels hand on to each other is counted",
} as const;

function settled(
  { plan, rule, implementation, engine, scenario }: Step,
): string[] {
  const { optimizer, software, precision, train } = plan.scenario;
  const said: string[] = rule.library === null ? [] : [LIBRARIES[rule.library]];
  if (optimizer.in_backward) {
    said.push(
      "optimizer.in_backward: each parameter is stepped as soon as its gradient is there, which is freed then",
    );
  } else if (
    rule.library === null && askedImplementation(optimizer) === "auto"
  ) {
    const version = software.torch === null
      ? "PyTorch from 2.8"
      : `PyTorch ${software.torch}`;
    said.push(
      `The optimizer steps with the ${implementation} implementation, the default of ${version}`,
    );
  } else if (rule.library === null) {
    said.push(
      `optimizer.implementation: the step is ${implementation}, as the scenario says`,
    );
  }
  if (
    precision.master_weights === "none" &&
    engine.reads(scenario, plan.model).includes("precision.master_weights")
  ) {
    said.push(
      "precision.master_weights = none: PyTorch's optimizers keep none beside the weights anyway",
    );
  }
  if (plan.facts.code.loss.widensOutputs) {
    said.push(
      `software.accelerate ${software.accelerate}: under mixed precision it hands the logits out in fp32`,
    );
  }
  if (precision.autocast === precision.weights) {
    said.push(
      `precision.autocast casts nothing of weights that are in ${precision.weights} already`,
    );
  }
  if (train.attention === "sdpa" && !train.padding_mask) {
    said.push(
      "train.attention = sdpa without a mask runs the flash kernel where heads have 16 bits",
    );
  }
  return said;
}
