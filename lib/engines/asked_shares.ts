import type { Mesh } from "../parallel/mesh.ts";
import type { AskedShares } from "../plan/objective/objective_plan.ts";
import type { Scenario } from "../scenario/schema.ts";
import { isFrom } from "../scenario/version.ts";
import type { Model } from "../models/model.ts";
import type { AskedGathers } from "./asked_gathers.ts";
import { shardRanks } from "./fsdp/policy.ts";
import { zeroSettings } from "./zero/settings.ts";

/**
 * How ranks share models that a trainer of TRL's asks beside the one that learns;
 * null where each has all of them. ZeRO 3 partitions them as it does the one that
 * learns, a ZeRO below it runs them as stage 0. FSDP wraps references in releases
 * that call `prepare_fsdp`; what accelerate prepares for evaluation alone, as
 * teachers are and references were, it wraps in nothing.
 *
 * Sources: huggingface/trl 1.16.0 models/utils.py, prepare_deepspeed and
 * prepare_fsdp; trainer/dpo_trainer.py of 0.16, grpo_trainer.py of 0.18,
 * kto_trainer.py of 1.8; accelerate accelerator.py, prepare_model
 */
export function askedShares(
  engine: string,
  scenario: Scenario,
  mesh: Mesh,
): AskedShares | null {
  const { precision } = scenario;
  const onHost = scenario.engine.offload_parameters !== "none";
  if (engine === "deepspeed") {
    if (scenario.engine.zero_stage < 3) return null;
    const part = { ranks: mesh.dp * mesh.cp, dtype: null, onHost };
    return { reference: part, teacher: part };
  }
  if (engine !== "fsdp" && engine !== "fsdp2") return null;
  const whole = { ranks: 1, dtype: precision.weights, onHost: false };
  return {
    reference: wrapsReference(scenario)
      ? { ranks: shardRanks(scenario, mesh.gpus), dtype: whole.dtype, onHost }
      : whole,
    teacher: whole,
  };
}

/** How an engine gathers what passes beside run on; null where all is whole. */
export function askedGathers(
  engine: string,
  scenario: Scenario,
  model: Model,
  shares: AskedShares | null,
): AskedGathers | null {
  if (shares === null) return null;
  const isZero = engine === "deepspeed";
  const isSecond = engine === "fsdp2";
  return {
    shares,
    times: isSecond ? 2 : 1,
    isOneUnit: isSecond,
    keepsRoot: !isZero && !(isSecond && scenario.engine.root_reshard === true),
    ahead: isZero ? zeroSettings(scenario, model).prefetch : null,
    gathersToGenerate: isZero,
  };
}

/** Whether a release wraps a trainer's reference in FSDP. */
function wrapsReference({ train, software }: Scenario): boolean {
  const since = train.objective === null ? undefined : WRAPPED[train.objective];
  return since !== undefined && isFrom(software.trl, since);
}

/** Releases of TRL that wrap the references of an objective's trainer. */
const WRAPPED: Partial<
  Record<NonNullable<Scenario["train"]["objective"]>, [number, number]>
> = { dpo: [0, 16], grpo: [0, 18], kto: [1, 8] };
