import type { PythonCall } from "../reading/python/python_value.ts";
import { TRAINERS } from "./objective_rules.ts";

/** Arguments of trainers that are settings, and no objects of Python. */
const OF_TRAINERS = ["max_seq_length", "packing", "dataset_text_field", "beta"];

/**
 * The calls of transformers and TRL whose arguments are settings: configurations,
 * loading a model, packing its weights, and trainers.
 */
export function trainerCall(
  { name, on, named, placed }: PythonCall,
): { what: string; values: Record<string, unknown> } | null {
  const trainer = /^(?:Unsloth)?(\w*?)(Config|Trainer)$/.exec(name);
  const kind = trainer?.[1]?.toLowerCase() ?? "";
  const keepsLogits = trainer?.[2] === "Trainer" &&
    "compute_metrics" in named && !("preprocess_logits_for_metrics" in named);
  if (name === "Trainer" && keepsLogits) {
    return { what: name, values: { compute_metrics: true } };
  }
  if (trainer && Object.hasOwn(TRAINERS, kind)) {
    const values = trainer[2] === "Config" ? named : {
      ...Object.fromEntries(
        OF_TRAINERS.filter((key) => key in named)
          .map((key) => [key, named[key]]),
      ),
      ...(keepsLogits ? { compute_metrics: true } : {}),
    };
    return { what: name, values: { trl_trainer: kind, ...values } };
  }
  if (/^(?:\w*TrainingArguments)$/.test(name)) {
    return { what: "TrainingArguments", values: named };
  }
  if (name === "BitsAndBytesConfig") {
    const { bnb_4bit_use_double_quant: twice, ...rest } = named;
    return {
      what: name,
      values: {
        ...rest,
        ...(twice === undefined ? {} : { use_bnb_nested_quant: twice }),
      },
    };
  }
  const last = on.slice(on.lastIndexOf(".") + 1);
  if (name !== "from_pretrained" || !/^AutoModel(?!.*Value)/.test(last)) {
    return null;
  }
  const [model] = placed;
  const { pretrained_model_name_or_path, quantization_config: _, ...rest } =
    named;
  return {
    what: "model",
    values: {
      model_name_or_path: model ?? pretrained_model_name_or_path,
      ...rest,
    },
  };
}
