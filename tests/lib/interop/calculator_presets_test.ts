import { assert, assertEquals } from "@std/assert";
import {
  CALCULATOR_PRESETS,
  findPreset,
  scenarioOfPreset,
  tryEstimate,
} from "../../../lib/mod.ts";

Deno.test("scenarioOfPreset() gives a scenario of every preset, by name", () => {
  assertEquals(CALCULATOR_PRESETS.length, 10);
  for (const preset of CALCULATOR_PRESETS) {
    assertEquals(findPreset(preset.id.toUpperCase()), preset);
    const result = tryEstimate(scenarioOfPreset(preset));
    assert(result.ok, preset.id);
  }
  const { model } = scenarioOfPreset(CALCULATOR_PRESETS[0] ?? never());
  assertEquals(model, "meta-llama/Llama-2-7b-hf");
  assertEquals(findPreset("nope"), null);
});

function never(): never {
  throw new Error("There are no presets");
}
