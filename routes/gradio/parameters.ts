import { describeField, FLAGS } from "../../lib/mod.ts";
import type { Flag } from "../../lib/mod.ts";

/** An argument of the endpoint, as Gradio's clients are told of it. */
export interface GradioParameter {
  /** Its name for who calls by names. */
  name: string;
  label: string;
  component: "Textbox" | "Number" | "Checkbox" | "Dropdown";
  /** Its type in JSON Schema, and in Python's words. */
  type: { type: string; enum?: readonly string[] };
  pythonType: string;
  /** What it is where nobody says; undefined where it must be said. */
  usual?: string | number | boolean | null;
  example: string | number | boolean;
  /** The flag of the command line that says the same; none for what has no flag. */
  flag: Flag | null;
}

/**
 * The flags that are arguments, in their order: those of the first calculator
 * with a page of Gradio's, then what it had not. Values are examples.
 */
const ARGUMENTS: [flag: string, example: string | number | boolean][] = [
  ["--model", "meta-llama/Llama-3.1-8B"],
  ["--dtype", "bf16"],
  ["--seq-len", 4096],
  ["--per-device-batch", 1],
  ["--grad-accum", 1],
  ["--optimizer", "adamw"],
  ["--master-weights", true],
  ["--dp", 1],
  ["--tp", 1],
  ["--pp", 1],
  ["--zero", 2],
  ["--dp-offload-optimizer", false],
  ["--lora", false],
  ["--qlora", true],
  ["--lora-rank", 16],
  ["--lora-target-modules", "q_proj,v_proj"],
  ["--grad-checkpoint", true],
  ["--flashattn", true],
  ["--liger", false],
  ["--fused-loss", false],
  ["--use-vision", false],
  ["--vision-image-size", 448],
  ["--task", "train"],
  ["--gpus", 1],
  ["--gpu", "RTX 4090"],
];

/** The name of the argument that is a whole scenario. */
export const SCENARIO_PARAMETER = "scenario";

/** The arguments: a model first, a whole scenario last. */
export const PARAMETERS: readonly GradioParameter[] = [
  ...ARGUMENTS.map(([name, example]) => ofFlag(flagNamed(name), example)),
  {
    name: SCENARIO_PARAMETER,
    label: "A Scenario in JSON, for everything else",
    component: "Textbox",
    type: { type: "string" },
    pythonType: "str",
    usual: null,
    example: `{"train": {"loss": "fused"}}`,
    flag: null,
  },
];

/** Which field is to be as large as fits. */
export const FIELD_PARAMETER: GradioParameter = {
  name: "field",
  label:
    "The field to enlarge, such as train.micro_batch, train.sequence_length or serve.batch; of parallel.gpus the fewest",
  component: "Textbox",
  type: { type: "string" },
  pythonType: "str",
  usual: null,
  example: "train.sequence_length",
  flag: null,
};

function ofFlag(
  flag: Flag,
  example: GradioParameter["example"],
): GradioParameter {
  const { name, help } = flag;
  const isModel = name === "--model";
  return {
    name: name.slice(2).replaceAll("-", "_"),
    label: help === "" ? name.slice(2) : help,
    ...kindOf(flag, example),
    // Null leaves a field to its default, which hangs on others.
    ...(isModel ? {} : { usual: null }),
    example,
    flag,
  };
}

type Kind = Pick<GradioParameter, "component" | "type" | "pythonType">;

function kindOf(
  { path, value, allowed, settings }: Flag,
  example: GradioParameter["example"],
): Kind {
  const field = settings ? null : describeField(path);
  const options = allowed ??
    (field?.kind === "choice" ? field.options : undefined);
  if (value === "<bool>") {
    return {
      component: "Checkbox",
      type: { type: "boolean" },
      pythonType: "bool",
    };
  }
  if (typeof example === "number") {
    return {
      component: "Number",
      type: { type: "number" },
      pythonType: "float",
    };
  }
  return options
    ? {
      component: "Dropdown",
      type: { type: "string", enum: options },
      pythonType: `Literal[${options.map((each) => `'${each}'`).join(", ")}]`,
    }
    : {
      component: "Textbox",
      type: { type: "string" },
      pythonType: path === "model" ? "str" : "str",
    };
}

function flagNamed(name: string): Flag {
  const flag = FLAGS.find((each) => each.name === name);
  if (!flag) throw new RangeError(`There is no flag ${name}`);
  return flag;
}
