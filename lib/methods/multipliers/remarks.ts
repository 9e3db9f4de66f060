import { changesOf } from "../../scenario/default_scenario.ts";
import type { Answer } from "../method.ts";
import { defaultsTaken } from "../defaults_taken.ts";
import { uncovered } from "../uncovered.ts";
import { unused } from "../unused.ts";
import { gpusNeeded } from "./gpus_needed.ts";
import type { MultipliersSetup } from "./setup.ts";

/** Fields that the method models for any task, or that change no memory. */
const ALWAYS = [
  "model",
  "task",
  "method",
  "hardware",
  "precision.weights",
  "quantization.weights",
  "multipliers",
];

const WHEN_TRAINING = new Set([
  ...ALWAYS,
  "optimizer.name",
  "train.method",
  "train.micro_batch",
  "train.sequence_length",
  "train.gradient_accumulation",
  "train.checkpointing",
]);

const WHEN_SERVING = new Set([
  ...ALWAYS,
  "serve.batch",
  "serve.input_tokens",
  "serve.output_tokens",
  "serve.kv_cache",
]);

/**
 * Collects what the method took for granted and what it left out.
 *
 * @param total Bytes of all parts.
 */
export function remarks(
  setup: MultipliersSetup,
  total: number,
): Pick<Answer, "assumptions" | "warnings"> {
  const { scenario, model } = setup;
  const changes = changesOf(scenario);
  const meaningless = unused(scenario, changes);
  const covered = scenario.task === "train" ? WHEN_TRAINING : WHEN_SERVING;
  return {
    assumptions: [
      ...defaultsTaken(scenario, model, changes, covered),
      ...model.notes,
      `GPUs needed by its rule, total over memory: ${
        gpusNeeded(total, scenario.hardware.gpu).map(({ gpu, count }) =>
          `${count.toFixed(1)} × ${gpu}`
        )
          .join(", ")
      }`,
      "The embedding is counted twice, as the program does: among the weights and on its own",
      ...[...meaningless].map(([path, reason]) =>
        `${path} is not used: ${reason}`
      ),
    ],
    warnings: [
      ...warningsOf(setup),
      ...uncovered(changes, covered, meaningless).map((field) =>
        `${field} has no effect: the multipliers method does not model it here`
      ),
    ],
  };
}

function warningsOf({ scenario, model }: MultipliersSetup): string[] {
  const { kv_heads, attention_heads, experts } = model.architecture;
  const { task, serve, quantization } = scenario;
  const said: string[] = [];
  if (task === "train" && quantization.weights !== "none") {
    said.push(
      `quantization.weights = "${quantization.weights}" is counted for gradients, optimizer states and activations too: the method knows one type for all`,
    );
  }
  if (task === "serve" && serve.kv_cache && kv_heads !== attention_heads) {
    said.push(
      `The cache is counted for the whole hidden size, though the model keeps ${kv_heads} of ${attention_heads} heads`,
    );
  }
  if (experts > 0) {
    said.push(
      "Activations are counted for one dense MLP a layer: the method knows no experts",
    );
  }
  return said;
}
