import type { AdvisedSet } from "../../answer/advice.ts";
import { parseScenario } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { toInput } from "../../scenario/to_input.ts";
import { withSet } from "../with_set.ts";

/** A scenario that is worth setting beside another. */
export interface Neighbour {
  /** In what it differs, in a few words. */
  name: string;
  scenario: Scenario;
}

/** A way in which scenarios may differ, and what it sets. */
type Way = readonly [name: string, set: AdvisedSet];

/** Most neighbours that are given. */
const MOST = 2;

/**
 * The scenarios next to one that somebody choosing would look at: another way to
 * fine-tune, checkpoints, a cache of fewer bits, twice the GPUs.
 */
export function neighbours(scenario: Scenario): Neighbour[] {
  const ways = scenario.task === "train" ? trained(scenario) : served(scenario);
  return ways.flatMap(([name, set]) => {
    const parsed = parseScenario(toInput(withSet(scenario, set)));
    return parsed.ok ? [{ name, scenario: parsed.value }] : [];
  }).slice(0, MOST);
}

function trained({ train, quantization, parallel }: Scenario): Way[] {
  const others: Record<typeof train.method, Way> = {
    full: ["LoRA", { "train.method": "lora" }],
    lora: ["QLoRA", { "train.method": "qlora" }],
    qlora: ["LoRA", {
      "train.method": "lora",
      ...(quantization.weights === "nf4"
        ? { "quantization.weights": "none" }
        : {}),
    }],
  };
  return [
    others[train.method],
    train.checkpointing === "none"
      ? ["with checkpoints", { "train.checkpointing": "full" }]
      : ["without checkpoints", { "train.checkpointing": "none" }],
    ["twice the batch", { "train.micro_batch": 2 * train.micro_batch }],
    ["twice the GPUs", { "parallel.gpus": 2 * parallel.gpus }],
  ];
}

function served({ serve, parallel }: Scenario): Way[] {
  const { engine } = serve;
  const eight = engine === "llama.cpp" ? "q8_0" : "fp8";
  return [
    ...(serve.kv_dtype === "auto" && engine !== "transformers"
      ? [[`cache in ${eight}`, { "serve.kv_dtype": eight }] as const]
      : []),
    ...(engine === "llama.cpp"
      ? [["twice the GPUs", { "parallel.gpus": 2 * parallel.gpus }] as const]
      : [
        ["twice the GPUs, tensor parallel", {
          "parallel.gpus": 2 * parallel.gpus,
          "parallel.tp": 2 * parallel.tp,
        }] as const,
      ]),
    ["twice the users", { "serve.batch": 2 * serve.batch }],
    ["half the input", {
      "serve.input_tokens": Math.ceil(serve.input_tokens / 2),
    }],
  ];
}
