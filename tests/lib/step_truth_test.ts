import { assert } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import type { Step } from "../../lib/engines/step.ts";
import { playStep } from "../../lib/engines/step.ts";
import steps from "../truth/steps.json" with { type: "json" };
import { saidOf } from "./unsaid.ts";
import { askedOf, PHASES } from "./asked.ts";
import { assertPlayed } from "./results.ts";

type Phase = keyof Step["phases"];

/** How far a phase may be off: what stands between phases is counted. */
const TOLERANCE: Partial<Record<Phase, number>> = {
  load: 0.001,
  steady: 0.001,
};
const USUAL = 0.005;

/** Phases that files have and a Step does not tell apart. */
const UNTOLD = ["clip"];

function phasesOf(scenario: ScenarioInput): Step["phases"] {
  const asked = askedOf(scenario);
  const step = playStep(asked.scenario, asked.model, { workspaces: false });
  assertPlayed(step);
  return step.phases;
}

for (const { name, scenario, bytes } of steps.map(saidOf)) {
  Deno.test(`playStep() reaches what was traced: ${name}`, () => {
    const phases = phasesOf(scenario as ScenarioInput);
    for (const [key, traced] of Object.entries(bytes)) {
      if (UNTOLD.includes(key)) continue;
      const phase = PHASES[key];
      assert(phase, `${key} is no phase`);
      const found = phases[phase];
      const error = found / traced - 1;
      assert(
        Math.abs(error) <= (TOLERANCE[phase] ?? USUAL),
        `${key}: ${found} is ${(100 * error).toFixed(3)} % off ${traced}`,
      );
    }
  });
}

const MIB = 1024 ** 2;

/** Steps that were traced and published in whole MiB. */
const PUBLISHED: {
  name: string;
  scenario: ScenarioInput;
  mib: Partial<Record<Phase, number>>;
}[] = [
  {
    name: "Llama-3.1-8B bf16, 2048 tokens",
    scenario: { model: "meta-llama/Llama-3.1-8B" },
    mib: {
      load: 15_316.5,
      forward: 61_072,
      backwardStart: 59_569,
      backward: 61_573,
      optimizer: 76_583,
      steady: 45_949.5,
    },
  },
  {
    name: "Llama-3.1-8B bf16 with checkpoints, 8192 tokens",
    scenario: {
      model: "meta-llama/Llama-3.1-8B",
      train: { checkpointing: "full", sequence_length: 8192 },
    },
    // Its backward pass, 62,733 MiB, has silu_backward in six operations too.
    mib: { forward: 58_278, backwardStart: 52_266, optimizer: 76_583 },
  },
  {
    name: "Llama-3.1-8B fp32 under autocast with checkpoints",
    scenario: {
      model: "meta-llama/Llama-3.1-8B",
      train: { checkpointing: "full" },
      precision: { weights: "fp32", autocast: "bf16" },
    },
    mib: {
      load: 30_633,
      forward: 109_856,
      backwardStart: 95_009,
      backward: 122_564,
      optimizer: 153_165,
      steady: 91_899,
    },
  },
  {
    name: "Gemma-2-2B bf16 with checkpoints, 4096 tokens",
    scenario: {
      model: "google/gemma-2-2b",
      train: { checkpointing: "full", sequence_length: 4096 },
    },
    mib: {
      load: 4987,
      forward: 27_522,
      backwardStart: 21_522,
      backward: 29_522,
      optimizer: 24_932,
    },
  },
];

for (const { name, scenario, mib } of PUBLISHED) {
  Deno.test(`playStep() reaches what was published: ${name}`, () => {
    const phases = phasesOf({
      ...scenario,
      optimizer: { implementation: "foreach" },
    });
    for (const [phase, traced] of Object.entries(mib)) {
      const error = phases[phase as Phase] / (traced * MIB) - 1;
      assert(
        Math.abs(error) <= 0.001,
        `${phase}: ${
          (phases[phase as Phase] / MIB).toFixed(1)
        } MiB, traced ${traced} MiB`,
      );
    }
  });
}
