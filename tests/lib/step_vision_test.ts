import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { estimate } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import { CachingAllocator } from "../../lib/step/allocator.ts";
import type { Step } from "../../lib/step/step.ts";
import { playStep } from "../../lib/step/step.ts";
import measured from "../truth/measured.json" with { type: "json" };

const NANO = measured.filter(({ group }) => group === "nanovlm");

function played(scenario: unknown): Step {
  const parsed = parseScenario(scenario);
  assert(parsed.ok, JSON.stringify(parsed));
  const model = resolveModel(parsed.value.model);
  assert(model.ok, JSON.stringify(model));
  const step = playStep(parsed.value, model.value);
  assert(!("reason" in step), JSON.stringify(step));
  return step;
}

function nano(id: string, batch: number): Step {
  const found = NANO.find((each) => each.id.startsWith(id));
  assert(found);
  const { scenario } = found;
  return played({
    ...scenario,
    train: { ...scenario.train, micro_batch: batch },
  });
}

function within(found: number, expected: number, share: number): void {
  const error = found / expected - 1;
  assert(
    Math.abs(error) <= share,
    `${found} is ${(100 * error).toFixed(4)} % off ${expected}`,
  );
}

Deno.test("nanoVLM's measured peaks are met within 2.2 %", () => {
  assertEquals(NANO.length, 10);
  for (const { scenario, measured: { bytes } } of NANO) {
    const { memory } = estimate(
      { ...scenario, method: "timeline" } as ScenarioInput,
    );
    within(memory.allocated_peak_bytes ?? 0, bytes, 0.022);
  }
});

Deno.test("nanoVLM's loaded model takes what its README prints", () => {
  const allocator = new CachingAllocator();
  for (const bytes of nano("nanovlm-b", 1).plan.loaded()) {
    allocator.allocate(bytes);
  }
  assertEquals((allocator.allocated / 1024 ** 2).toFixed(2), "871.44");
});

/**
 * Peaks of the second step of nanoVLM's own model code on 16 samples, forward,
 * backward, optimizer: torch 2.13's autograd over a device without memory, where
 * the loop is measure_vram.py's.
 */
const TRACED = {
  "nanovlm-a": [7_056_846_336, 6_975_770_112, 4_652_702_208],
  "nanovlm-b": [7_565_334_528, 7_689_820_160, 4_656_608_256],
} as const;

Deno.test("nanoVLM's step agrees with a trace of its code", () => {
  for (const [id, [forward, backward, optimizer]] of Object.entries(TRACED)) {
    const { phases } = nano(id, 16);
    within(phases.forward, forward, 0.0005);
    within(phases.backward, backward, 0.00001);
    within(phases.optimizer, optimizer, 0.00002);
  }
});

Deno.test("images that do not fit the sequence are not played through", () => {
  const [first] = NANO;
  const parsed = parseScenario({
    ...first?.scenario,
    train: { ...first?.scenario.train, sequence_length: 32 },
  });
  assert(parsed.ok);
  const model = resolveModel(parsed.value.model);
  assert(model.ok);
  assertEquals(playStep(parsed.value, model.value), {
    reason:
      "train.sequence_length 32 is shorter than the 49 tokens of a sample's images",
  });
});
