import type { Model } from "../../models/model.ts";
import { taskModelOf } from "../../models/heads/task_model.ts";
import { resolveModel } from "../../models/resolve_model.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { bufferOf } from "../../play/program/buffer.ts";
import { fusesHead } from "../../software/trl/heads.ts";
import type { Inventory } from "../inventory.ts";
import type { StepPlan } from "../step_plan.ts";
import { stepPlanOf } from "../step_plan.ts";
import { storageOf } from "../storage.ts";
import { playedCode } from "../../software/mod.ts";
import { copiesOf } from "../../models/tensors/tensor.ts";
import type { Batch } from "./batch.ts";
import { batchOf } from "./batch.ts";
import { distilling, headOf } from "./heads.ts";
import type {
  ObjectiveHead,
  ObjectivePlan,
  SidePlan,
} from "./objective_plan.ts";

/** Objectives whose trainers are played. */
type Learnt = NonNullable<Scenario["train"]["objective"]>;

/**
 * Plans the step of a scenario's objective: the model that learns, and those that
 * are asked beside it.
 *
 * @returns Or why it cannot.
 */
export function learningPlanOf(
  scenario: Scenario,
  named: Model,
): StepPlan | { readonly reason: string } {
  const model = taskModelOf(named, scenario);
  const { objective } = scenario.train;
  if (objective === null || !isTrainers(scenario, objective)) {
    return stepPlanOf(scenario, model);
  }
  const batch = batchOf(scenario, objective);
  const learning: Scenario = {
    ...scenario,
    train: { ...scenario.train, micro_batch: batch.sequences },
    // Its trainer calls the model past the forward that accelerate has wrapped.
    ...(objective === "distillation"
      ? { precision: { ...scenario.precision, autocast: null } }
      : {}),
  };
  const plan = stepPlanOf(learning, model);
  if ("reason" in plan) return plan;
  const whole = withObjective(plan, objective, batch);
  return whole;
}

/** Whether a trainer of TRL's, or transformers' own, is known to run it. */
function isTrainers(scenario: Scenario, objective: Learnt): boolean {
  const { software } = scenario;
  if (software.model_code !== "transformers") return false;
  switch (objective) {
    case "sft":
      return software.trl !== null;
    case "distillation":
      return fusesHead(scenario) && scenario.train.teacher !== null;
    case "pretrain":
      return false;
    default:
      return true;
  }
}

function withObjective(
  plan: StepPlan,
  objective: Learnt,
  batch: Batch,
): StepPlan | { readonly reason: string } {
  const { scenario, model } = plan;
  const isPlain = plan.encoders === null && plan.vision === null;
  if (!isPlain) {
    return {
      reason:
        `train.objective ${objective} with images or an encoder is not played through yet`,
    };
  }
  const sides: SidePlan[] = [];
  const beside: Buffer[] = [];
  const reference = referenceOf(scenario, objective);
  if (reference === "copy" || reference === "adapter-off") {
    const other = referencePlan(plan, model, reference);
    if ("reason" in other) return other;
    const own = asked(other, objective, batch);
    sides.push(...sidesOf(objective, plan, own, batch));
    if (reference === "copy") beside.push(...weightsOf(other, REFERENCE));
  }
  const taught = objective === "distillation"
    ? teacherOf(scenario, plan, batch)
    : null;
  if (taught) {
    if ("reason" in taught) return taught;
    sides.push(taught.side);
    beside.push(...weightsOf(taught.side.plan, "parameters of the teacher"));
  }
  const own: ObjectivePlan = {
    head: taught
      ? taught.head
      : plan.classHead
      ? null
      : headOf(scenario, objective, batch, "policy"),
    labels: batch.labels,
    sides,
    rolls: objective === "grpo" || objective === "distillation",
    heeds: heedsOf(objective),
    assumptions: assumptionsOf(scenario, objective),
  };
  const { inventory } = plan;
  return {
    ...plan,
    objective: own,
    inventory: { ...inventory, beside: [...inventory.beside, ...beside] },
  };
}

/** What runs beside the model that learns, in the order of the trainer's code. */
function sidesOf(
  objective: Learnt,
  policy: StepPlan,
  plan: StepPlan,
  batch: Batch,
): SidePlan[] {
  const reference = { name: "reference", plan } as const;
  switch (objective) {
    case "kto":
      return [
        {
          name: "kl",
          when: "before",
          holds: false,
          plan: asked(policy, objective, batch),
        },
        { name: "kl", when: "after", holds: false, plan },
        { ...reference, when: "after", holds: true },
      ];
    case "grpo":
      return [{ ...reference, when: "rollout", holds: false }];
    default:
      return [{ ...reference, when: "after", holds: true }];
  }
}

const REFERENCE = "parameters of the reference";

/** What a trainer compares with: of adapters, the same model without them. */
function referenceOf(
  { train }: Scenario,
  objective: Learnt,
): NonNullable<Scenario["train"]["reference"]> {
  if (objective !== "dpo" && objective !== "kto" && objective !== "grpo") {
    return "none";
  }
  // GRPO's beta is 0 unless it is told otherwise.
  if (objective === "grpo" && train.reference === null) return "none";
  return train.reference ?? (train.method === "full" ? "copy" : "adapter-off");
}

/** The teacher's pass, and the head that compares with it. */
function teacherOf(
  scenario: Scenario,
  student: StepPlan,
  batch: Batch,
): { side: SidePlan; head: ObjectiveHead } | { readonly reason: string } {
  const { teacher } = scenario.train;
  if (teacher === null) return { reason: "train.teacher is not given" };
  const found = resolveModel(teacher);
  if (!found.ok) {
    return { reason: `train.teacher: ${found.problems[0]?.message ?? ""}` };
  }
  const { weights } = scenario.precision;
  const plan = stepPlanOf(
    {
      ...scenario,
      train: { ...scenario.train, method: "full", checkpointing: "none" },
      quantization: { ...scenario.quantization, weights: "none" },
    },
    found.value,
  );
  if ("reason" in plan) return plan;
  const hidden = found.value.architecture.hidden_size;
  const all = batch.sequences * batch.tokens;
  const heedless = { labels: 0, sides: [], rolls: false, heeds: [] };
  return {
    side: {
      name: "teacher",
      when: "after",
      holds: true,
      plan: {
        ...plan,
        objective: {
          ...heedless,
          head: {
            take: null,
            scores: {
              rows: all,
              ofHidden: true,
              by: () => ({ loss: null, terms: [] }),
            },
          },
          assumptions: [],
        },
      },
    },
    head: distilling(student, {
      scored: batch.scored,
      width: hidden,
      dtype: weights,
    }),
  };
}

/** The same model without its adapters, or a copy of it that is never frozen. */
function referencePlan(
  plan: StepPlan,
  model: Model,
  kind: "copy" | "adapter-off",
): StepPlan | { readonly reason: string } {
  const { scenario } = plan;
  const lies = storageOf(scenario, playedCode(scenario, model).packing);
  const other: Scenario = {
    ...scenario,
    train: { ...scenario.train, method: "full", checkpointing: "none" },
  };
  return stepPlanOf(
    other,
    model,
    kind === "copy" && scenario.train.method === "full"
      ? null
      : (tensor) => ({ ...lies(tensor), trains: false }),
  );
}

/** A model that is asked what the objective wants of it, without gradients. */
function asked(plan: StepPlan, objective: Learnt, batch: Batch): StepPlan {
  return {
    ...plan,
    objective: {
      head: headOf(plan.scenario, objective, batch, "asked"),
      labels: 0,
      sides: [],
      rolls: false,
      heeds: [],
      assumptions: [],
    },
  };
}

/** The weights of another model, which stand throughout. */
function weightsOf(
  { inventory }: { readonly inventory: Inventory },
  label: string,
): Buffer[] {
  const group = {
    part: "weights",
    label,
    count: 1,
    elements: null,
  } as const;
  return inventory.items.map(({ tensor, pieces }) =>
    bufferOf(
      `${tensor.name} of ${label}`,
      pieces.map((bytes) => ({ group, bytes: roundedBytes(bytes) })),
      copiesOf(tensor),
    )
  );
}

function heedsOf(objective: Learnt): string[] {
  return [
    "train.objective",
    "train.prompt_tokens",
    "train.completion_tokens",
    "train.reference",
    "train.teacher",
    "train.generations",
    "train.rollout.engine",
  ];
}

function assumptionsOf(scenario: Scenario, objective: Learnt): string[] {
  const { trl } = scenario.software;
  if (objective === "classification") return [];
  return [
    `train.objective ${objective}: the step is that of TRL ${
      trl ?? "1.16, for software.trl names none"
    }, which makes ${
      fusesHead(scenario)
        ? "no logits: log-probabilities are taken a tile at a time"
        : "the logits of every row"
    }`,
  ];
}
