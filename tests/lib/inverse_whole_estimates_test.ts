import { assert } from "@std/assert";
import fc from "../npm/fast-check.ts";
import type { InversePath } from "../../lib/mod.ts";
import { estimateScenario, parseScenario } from "../../lib/mod.ts";
import { INVERSE_FIELDS } from "../../lib/ask/largest/fields.ts";
import { askLargest } from "../../lib/ask/largest/largest.ts";
import { probeOf } from "../../lib/ask/largest/probe.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import type { Estimate, Scenario } from "../../lib/mod.ts";
import { search } from "./inverse.ts";
import { assertOk } from "./results.ts";

/** The same search with a whole estimate for every value. */
function byWholeEstimates(scenario: Scenario, field: InversePath) {
  const [section, key] = field.split(".") as ["train" | "serve", string];
  // A value is asked for whether it fits, and whether cautiously: once is enough.
  const known = new Map<number, Estimate | null>();
  const at = (value: number): Estimate | null => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const changed = { ...scenario[section], [key]: value };
    const result = estimateScenario({ ...scenario, [section]: changed });
    const found = result.ok ? result.value : null;
    known.set(value, found);
    return found;
  };
  const usable = at(1)?.fit[0]?.usable_bytes ?? 0;
  const fits = (value: number): boolean =>
    (at(value)?.memory.device_peak_bytes ?? Infinity) <= usable;
  const fitsCautiously = (value: number): boolean =>
    (at(value)?.memory.high_bytes ?? Infinity) <= usable;
  const { value } = search(1, INVERSE_FIELDS[field].most, fits).found;
  const cautious = value === null
    ? null
    : search(1, value, fitsCautiously).found.value;
  return { fits, fitsCautiously, value, cautious };
}

const SCENARIOS = fc.record({
  model: fc.constantFrom(
    "gpt2",
    "Qwen/Qwen2.5-0.5B",
    "google-bert/bert-base-uncased",
    "facebook/opt-125m",
    "meta-llama/Llama-3.1-8B",
  ),
  train: fc.record({
    method: fc.constantFrom("full", "lora", "qlora"),
    micro_batch: fc.constantFrom(1, 3),
    sequence_length: fc.constantFrom(64, 500),
    checkpointing: fc.constantFrom("none", "full"),
    attention: fc.constantFrom("sdpa", "eager"),
    loss: fc.constantFrom<Scenario["train"]["loss"]>("full", "chunked"),
  }),
  optimizer: fc.record({ name: fc.constantFrom("adamw", "sgd", "adafactor") }),
  hardware: fc.record({
    gpu: fc.record({
      memory_gib: fc.constantFrom(1, 2.5, 7, 16, 24, 79.3),
    }),
  }),
  overheads: fc.record({ other_gib: fc.constantFrom(0, 0.3) }),
});

Deno.test("the largest value is that of whole estimates, of which it needs few", () => {
  fc.assert(
    fc.property(
      SCENARIOS,
      fc.constantFrom<InversePath>(
        "train.micro_batch",
        "train.sequence_length",
      ),
      (input, field) => {
        const parsed = parseScenario(input);
        assertOk(parsed);
        const asking = askLargest(parsed.value, field);
        const model = resolveModel(parsed.value.model);
        assert(model.ok);
        let whole = 0;
        let asked = asking.next();
        while (!asked.done) {
          const { scenario, quick } = asked.value;
          const probe = quick ? probeOf(scenario, model.value) : null;
          if (!quick) whole++;
          asked = asking.next(
            probe ? { probe } : { estimate: estimateScenario(scenario) },
          );
        }
        // The least, the answer, the one above, and the cautious one.
        assert(whole <= 4, `${whole} whole estimates`);
        if (!asked.value.ok) return;
        const { value, next, cautious } = asked.value.value;
        const byWhole = byWholeEstimates(parsed.value, field);
        // Memory need not grow evenly: a search that begins near the answer may
        // pass a gap that one by doubling ends at. What it finds fits as well.
        assert((value ?? 0) >= (byWhole.value ?? 0));
        assert((cautious?.value ?? 0) >= (byWhole.cautious ?? 0));
        if (value !== null) assert(byWhole.fits(value));
        if (next !== null) assert(!byWhole.fits(next.value));
        if (cautious?.value) assert(byWhole.fitsCautiously(cautious.value));
      },
    ),
    { numRuns: 6 },
  );
});
