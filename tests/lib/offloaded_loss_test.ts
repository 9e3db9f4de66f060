import { assert } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { estimated } from "./played.ts";

type Train = NonNullable<ScenarioInput["train"]>;

const LOSSES: Readonly<Record<string, Train>> = {
  "fused": { loss: "fused" },
  "fused, of Liger": { loss: "fused", kernels: "liger" },
  "in place": { loss: "full", kernels: "liger" },
};

for (const [name, train] of Object.entries(LOSSES)) {
  for (const method of ["full", "lora"] as const) {
    Deno.test(`a loss that is ${name} frees once what waited on the host, ${method}`, () => {
      for (const activation_offloading of ["streams", "sync"] as const) {
        const { memory } = estimated({
          model: "Qwen/Qwen3-0.6B",
          train: {
            ...train,
            method,
            activation_offloading,
            checkpointing: "full",
            sequence_length: 8192,
          },
        });
        for (const part of memory.parts) {
          assert(part.bytes > 0, `${part.name}: ${part.bytes}`);
        }
      }
    });
  }
}
