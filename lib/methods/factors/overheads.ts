import type { Scenario } from "../../scenario/schema.ts";
import { GIB } from "../../units/mod.ts";
import type { Term } from "../method.ts";
import type { FactorsSetup } from "./setup.ts";

/**
 * DeepSpeed's cushion by ZeRO stage in GiB. The text of the method says 0.0 at
 * stage 0; its program adds 1.0 there, which is not followed.
 */
const DEEPSPEED_GIB = [0, 1.5, 2, 3] as const;

/** The fixed cushions that stand whatever is trained or served. */
export function cushions(scenario: Scenario): Term[] {
  const { factors, overheads } = scenario;
  return [
    cushion(
      "CUDA context",
      overheads.cuda_context_gib ?? factors.cuda_libs_gib,
    ),
    cushion("framework overhead", factors.misc_overhead_gib),
    cushion("fragmentation", factors.fragmentation_gib),
    cushion("communication buffers", overheads.communication_gib ?? 0),
    cushion("other", overheads.other_gib),
  ];
}

/** DeepSpeed's cushion, the step's transients and ZeRO-3's gathered weights. */
export function stepOverheads(setup: FactorsSetup): Term[] {
  const { scenario, sharding } = setup;
  const { factors, train } = scenario;
  const stated = factors.deepspeed_overhead_gib;
  const byStage = sharding.deepspeed ? DEEPSPEED_GIB[sharding.stage] : 0;
  const perSequence = factors.transient_gib_per_sequence;
  return [
    cushion("DeepSpeed overhead", stated ?? byStage),
    {
      ...cushion("transient buffers", perSequence * train.micro_batch),
      formula: `${perSequence} GiB × ${train.micro_batch} sequences`,
    },
    gathered(setup),
  ];
}

/** Weights of the trainable parameters that ZeRO-3 gathers beside its shard. */
function gathered(setup: FactorsSetup): Term {
  const { mesh, sharding, dtypeBytes, trainable } = setup;
  const whole = trainable * dtypeBytes / mesh.tp;
  const gathers = sharding.stage === 3 && !setup.nf4;
  return {
    name: "ZeRO-3 gathered weights",
    bytes: gathers ? whole * (1 - 1 / sharding.ways) : 0,
    formula: `${
      Math.round(trainable)
    } trainable × ${dtypeBytes} B ÷ tp ${mesh.tp} × (1 − 1/${sharding.ways})`,
    basis: "assumed",
  };
}

function cushion(name: string, gib: number): Term {
  return { name, bytes: gib * GIB, formula: `${gib} GiB`, basis: "assumed" };
}
