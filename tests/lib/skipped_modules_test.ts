import { assertEquals } from "@std/assert";
import { estimate } from "../../lib/mod.ts";

/** Bytes of weights where modules are left as they are. */
function weights(skip_modules: string[]): number {
  const { memory } = estimate({
    model: "meta-llama/Llama-3.1-8B",
    train: { method: "qlora" },
    quantization: { weights: "nf4", kbit_upcast: false, skip_modules },
  });
  return memory.parts.find(({ name }) => name === "weights")?.bytes ?? 0;
}

Deno.test("modules that bitsandbytes is told to skip stand in the place of the head", () => {
  const [packed, plain] = [0.5625, 2];
  // Each packed matrix has a table of sixteen numbers, a block of 512 bytes.
  const more = (elements: number, matrices: number) =>
    elements * (plain - packed) - 512 * matrices;
  const head = more(128_256 * 4096, 1);
  const keys = more(32 * 1024 * 4096, 32);
  const usual = weights([]);
  assertEquals(weights(["lm_head"]), usual);
  assertEquals(weights(["lm_head", "k_proj"]) - usual, keys);
  assertEquals(weights(["k_proj"]) - usual, keys - head);
});
