import { assertEquals } from "@std/assert";
import { figureOf } from "../../lib/evidence/figure.ts";
import { estimate } from "../../lib/mod.ts";
import type { Estimate } from "../../lib/mod.ts";
import { counted } from "./counted.ts";

const FIGURES: [counter: string, bytes: number][] = [
  ["allocated_peak", 600],
  ["allocated_steady", 200],
  ["reserved_peak", 700],
  ["device_peak", 800],
  ["load_allocated", 100],
  ["step_peak", 600],
  ["step_load", 100],
  ["step_forward", 600],
  ["step_backward", 500],
  ["step_backward_start", 450],
  ["step_backward_end", 250],
  ["step_optimizer", 400],
  ["step_steady", 200],
];

Deno.test("figureOf() finds each counter where a method tells it", () => {
  const known = counted(estimate({ model: "gpt2", method: "factors" }));
  for (const [counter, bytes] of FIGURES) {
    assertEquals(figureOf(known, counter), { bytes, basis: "own" }, counter);
  }
});

Deno.test("figureOf() lets one total stand for totals, and for no phase", () => {
  const total = estimate({ model: "gpt2", method: "factors" });
  const bytes = total.memory.device_peak_bytes;
  assertEquals(figureOf(total, "device_peak"), { bytes, basis: "own" });
  for (
    const counter of [
      "allocated_peak",
      "allocated_steady",
      "reserved_peak",
      "step_peak",
      "step_steady",
    ]
  ) {
    assertEquals(figureOf(total, counter), { bytes, basis: "one total" });
  }
  for (const counter of ["load_allocated", "step_load", "step_backward_end"]) {
    assertEquals(
      figureOf(total, counter),
      "it knows one total only, and no phases",
    );
  }
});

Deno.test("figureOf() reads weights and cache off their own places", () => {
  const served = estimate({ model: "gpt2", task: "serve" });
  const weights = served.memory.parts.find(({ name }) => name === "weights");
  assertEquals(figureOf(served, "kv_bytes"), {
    bytes: served.kv?.bytes ?? NaN,
    basis: "own",
  });
  assertEquals(figureOf(served, "weights_bytes"), {
    bytes: weights?.bytes ?? NaN,
    basis: "own",
  });
  const trained = estimate({ model: "gpt2" });
  assertEquals(figureOf(trained, "kv_bytes"), "it gives no key-value cache");
});

Deno.test("figureOf() says what a method does not tell", () => {
  const known = counted(estimate({ model: "gpt2", method: "factors" }));
  const silent: Estimate = {
    ...known,
    memory: { ...known.memory, reserved_peak_bytes: null, phases: [] },
  };
  assertEquals(
    figureOf(silent, "reserved_peak"),
    "it gives no reserved_peak_bytes",
  );
  assertEquals(
    figureOf(silent, "step_load"),
    "it gives no peak_bytes of the phase load",
  );
  assertEquals(
    figureOf(silent, "temperature"),
    "temperature is no counter that is known here",
  );
});
