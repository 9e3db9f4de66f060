import { findModel } from "../../models/catalogue.ts";
import { overrideValues } from "../reading/commands/flag_values.ts";
import type { CommandReader } from "../reading/commands/started.ts";
import type { Draft } from "../reading/draft.ts";
import type { Rule } from "../reading/format.ts";
import { plainText } from "../reading/plain_text.ts";
import type { PythonCall } from "../reading/python/python_value.ts";
import { SETS } from "../reading/python/python_value.ts";

/** NeMo 2's settings, by the keys that its first version has for the same. */
function keyOf(path: string): string {
  const strategy = /^trainer\.strategy\.(\w+)$/.exec(path)?.[1];
  if (strategy !== undefined) return `model.${strategy}`;
  const data = /^data\.(micro_batch_size|global_batch_size|seq_length)$/
    .exec(path)?.[1];
  if (data === "seq_length") return "model.data.seq_length";
  if (data !== undefined) return `model.${data}`;
  const config = /^model\.config\.(\w+)$/.exec(path)?.[1];
  if (config !== undefined) return `model.${config}`;
  switch (path) {
    case "peft":
    case "peft_scheme":
      return "model.peft.peft_scheme";
    case "peft.dim":
      return "model.peft.lora_tuning.adapter_dim";
    case "num_nodes":
      return "trainer.num_nodes";
    case "num_gpus_per_node":
      return "trainer.devices";
    case "seq_length":
      return "model.data.seq_length";
    default:
      return path;
  }
}

function spelled(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [keyOf(key), value]),
  );
}

/** `nemo llm finetune --factory llama3_8b trainer.devices=2`. */
export const nemoCommand: CommandReader = ({ name, args }) => {
  const [domain = "", job = ""] = args;
  if (name !== "nemo" || domain !== "llm") return null;
  if (job !== "finetune" && job !== "pretrain") return null;
  const at = args.findIndex((word) => /^--factory(?:=|$)/.test(word));
  const word = args[at] ?? "";
  const factory = at < 0
    ? ""
    : word.includes("=")
    ? word.slice(word.indexOf("=") + 1)
    : args[at + 1] ?? "";
  const [recipe = "", given = ""] = factory.replace(/\)$/, "").split("(");
  return {
    values: {
      recipe: `${recipe}.${job}`,
      ...spelled(overrideValues(given.split(",").map((each) => each.trim()))),
      ...spelled(overrideValues(args.slice(2))),
    },
  };
};

/** `llm.llama3_8b.finetune_recipe(…)`, and what is set on what it gives. */
export function nemoCall(
  { name, on, named, placed }: PythonCall,
): { what: string; values: Record<string, unknown> } | null {
  const job = /^(finetune|pretrain)_recipe$/.exec(name)?.[1];
  if (job !== undefined) {
    const recipe = on.slice(on.lastIndexOf(".") + 1);
    return {
      what: "recipe",
      values: { recipe: `${recipe}.${job}`, ...spelled(named) },
    };
  }
  const path = /^\w*recipe\w*\.(.+)$/.exec(on)?.[1];
  return name === SETS && path !== undefined
    ? { what: path, values: { [keyOf(path)]: placed[0] } }
    : null;
}

/** The recipe's model, and what it trains where nothing else says it. */
export const RECIPE_RULE: Rule = {
  keys: ["recipe"],
  fields: ["model", "train.method"],
  values: "llama3_8b.finetune → its model; fine-tuning is LoRA of rank 8",
  read: (setting, draft, all) => {
    const [recipe = "", job = ""] = plainText(setting.value).split(".");
    const known = modelOf(recipe);
    if (known === null) {
      draft.want({
        kind: "field",
        name: "model",
        paths: ["model"],
        key: "recipe",
        reason: `no model is known by the recipe's name ${
          recipe.slice(0, 60)
        }: give model`,
      });
    } else {
      draft.state(setting, "model", known);
      draft.remark("model", known, "the recipe's name is taken for it");
    }
    assumeRecipe(draft);
    draft.leave(
      setting,
      "parallel sizes that only the recipe has are not known: set them",
      true,
    );
    if (job !== "finetune" || all.has("model.peft.peft_scheme")) return;
    draft.assume("train.method", "lora", "recipes fine-tune by LoRA");
    draft.assume("train.lora.rank", 8, "recipes take a rank of 8");
  },
};

/** What recipes of NeMo 2 do: nemo/collections/llm/recipes. */
function assumeRecipe(draft: Draft): void {
  for (
    const [path, value, reason] of [
      ["engine.distributed_optimizer", true, "recipes distribute it"],
      ["precision.weights", "bf16", "recipes train in bf16_mixed"],
      ["train.micro_batch", 1, "micro_batch_size is 1 by default"],
    ] as const
  ) draft.assume(path, value, reason);
}

/** The model of a recipe's name: `llama31_8b` is Llama-3.1-8B. */
function modelOf(recipe: string): string | null {
  const plain = recipe.replaceAll("_", "-")
    .replace(/-(?:\d+k|nemo|finetune|pretrain|performance)$/, "");
  const dotted = plain.replace(/^(llama|qwen)(\d)(\d)(?=-)/, "$1$2.$3")
    .replace(/^nemotron3-(\d+b)$/, "nemotron-3-$1");
  for (const each of [dotted, dotted.replace(/^llama(?=\d)/, "llama-")]) {
    const found = findModel(each) ?? findModel(`meta-${each}`);
    if (found) return found.id;
  }
  return null;
}
