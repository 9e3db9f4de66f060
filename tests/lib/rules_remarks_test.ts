import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  DEFAULT_SCENARIO,
  estimate,
  leavesOf,
  putAt,
  tryEstimate,
} from "../../lib/mod.ts";
import { anotherValue } from "./another_value.ts";

const MODEL = "meta-llama/Llama-3.1-8B";

/** Values of fields whose kind does not give any that can be used. */
const VALUES: Record<string, unknown> = {
  "train.trainable": ["lm_head"],
  "train.lora.targets": "all-linear",
  "train.lora.target_parameters": ["mlp.experts.down_proj"],
  "train.lora.modules_to_save": ["lm_head"],
  "train.lora.trainable_parameters": 1000,
  "train.lora.dropout": 0.5,
  "train.image_size": [224, 224],
  "optimizer.name": "sgd",
  "quantization.weights": "int8",
  "hardware.gpu": "T4",
  "serve.memory_utilization": 0.5,
  "factors.fused_loss_factor": 0.5,
  "factors.grad_ckpt_reduction": 0.5,
  "multipliers.gradient_checkpointing": 0.5,
  "multipliers.inference_activations": 0.5,
};

/** Fields that change neither memory nor fit by nature, so that none is named. */
const CHANGES_NOTHING: Record<string, string[]> = {
  "multipliers, train": ["train.gradient_accumulation"],
  "multipliers, serve": [],
  "rule-of-thumb, train": ["train.gradient_accumulation", "engine.name"],
  "rule-of-thumb, serve": ["parallel.gpus", "engine.name"],
};

for (const method of ["multipliers", "rule-of-thumb"] as const) {
  for (const task of ["train", "serve"] as const) {
    Deno.test(`${method} leaves no field ignored in silence (${task})`, () => {
      const base = { model: MODEL, task, method };
      const usual = estimate(base);
      assertEquals(usual.method, method);
      const told = new Set([...usual.warnings, ...usual.assumptions]);
      const silent: string[] = [];
      let tried = 0;
      for (const { path, value } of leavesOf(DEFAULT_SCENARIO)) {
        if (["model", "task", "method"].includes(path)) continue;
        const input: Record<string, unknown> = { ...base };
        const other = anotherValue(path, value, VALUES);
        putAt(input, path, other);
        if (/^parallel\.(tp|pp|cp)$/.test(path)) {
          putAt(input, "parallel.gpus", 2);
        }
        const result = tryEstimate(input);
        if (!result.ok) {
          assertMatch(path, /^parallel\.ep$/);
          continue;
        }
        tried++;
        const { value: found } = result;
        const figures = ({ memory, kv, fit }: typeof usual) =>
          JSON.stringify([memory, kv, fit]);
        const said = [...found.warnings, ...found.assumptions].some((line) =>
          !told.has(line) && !line.startsWith("Defaults: ")
        );
        if (figures(found) === figures(usual) && !said) silent.push(path);
      }
      assert(tried > 80);
      assertEquals(silent, CHANGES_NOTHING[`${method}, ${task}`]);
    });
  }
}
