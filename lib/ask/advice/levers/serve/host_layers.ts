import { groupDigits } from "../../../../units/mod.ts";
import type { Lever } from "../../lever.ts";
import { COST, countdown } from "../../lever.ts";

/** Experts of layers that the CPU computes: llama.cpp's --n-cpu-moe. */
export const hostExperts: Lever = {
  task: "serve",
  cost: COST.muchSlower,
  propose({ serve: { engine, cpu_moe_layers } }, { architecture }) {
    const { layers, experts } = architecture;
    const left = layers - (cpu_moe_layers ?? 0);
    if (engine !== "llama.cpp" || experts === 0 || left < 1) return [];
    return countdown(left, 0).map((onGpu) => ({
      set: { "serve.cpu_moe_layers": layers - onGpu },
      words: `Experts of ${groupDigits(layers - onGpu)} layers on the host`,
      price:
        "the same answers, slower: the CPU computes those experts, few of which a token needs",
    }));
  },
};

/** Layers that the CPU computes: llama.cpp's --n-gpu-layers. */
export const hostLayers: Lever = {
  task: "serve",
  cost: COST.muchSlower,
  propose({ serve: { engine, gpu_layers } }, { architecture }) {
    if (engine !== "llama.cpp") return [];
    // The output layer counts as one more.
    const all = architecture.layers + 1;
    const there = typeof gpu_layers === "number"
      ? Math.min(gpu_layers, all)
      : all;
    return countdown(there, 0).map((layers) => ({
      set: { "serve.gpu_layers": layers },
      words: `${groupDigits(layers)} of ${groupDigits(all)} layers on the GPU`,
      price:
        "the same answers, slower by far: the CPU computes the other layers",
    }));
  },
};
