import { assert, assertEquals } from "@std/assert";
import { FAMILIES } from "../../lib/models/families/mod.ts";
import { adaptersOf } from "../../lib/models/lora/adapters.ts";
import { ConfigReader } from "../../lib/models/tensors/config_reader.ts";
import { TensorScope } from "../../lib/models/tensors/tensor_scope.ts";
import truth from "../truth/random_lora.json" with { type: "json" };
import { assertOk } from "./results.ts";

/** A LoraConfig, and what PEFT counted or why it stopped. */
interface Case {
  lora: {
    r: number;
    target_modules?: string | string[];
    modules_to_save?: string[];
    target_parameters?: string[];
    bias?: "all" | "lora_only";
    use_dora?: boolean;
  };
  trainable?: number;
  error?: string;
}

interface Truth {
  model_type: string;
  config: Record<string, unknown>;
  cases: Case[];
}

const models = truth.models as unknown as Truth[];
const peft = Number(truth.versions.peft.split(".")[1]);
let exact = 0;

for (const [at, { model_type, config, cases }] of models.entries()) {
  Deno.test(`adaptersOf() trains what PEFT trains: ${model_type} ${at}`, () => {
    const scope = new TensorScope();
    FAMILIES[model_type]?.(new ConfigReader(config), scope);
    for (const { lora, trainable, error } of cases) {
      const said = `${model_type}: ${JSON.stringify(lora)}: PEFT: ${
        error ?? trainable
      }`;
      const result = adaptersOf(scope.tensors, {
        rank: lora.r,
        targets: lora.target_modules ?? "default",
        target_parameters: lora.target_parameters ?? [],
        modules_to_save: lora.modules_to_save ?? [],
        dora: lora.use_dora ?? false,
        bias: lora.bias ?? "none",
      }, { model_type, transformers: 5, peft });
      if (error !== undefined) {
        const isWarned = result.ok &&
          result.value.notes.some((note) => note.includes("would stop"));
        assert(!result.ok || isWarned, said);
      } else {
        assertOk(result, `${said}: `);
        assertEquals(result.value.trainable, trainable, said);
      }
      exact++;
    }
  });
}

Deno.test("every LoraConfig of the truth is exact", () => {
  const count = models.flatMap(({ cases }) => cases).length;
  console.log(`${count} cases, ${exact} exact`);
  assertEquals(exact, count);
});
