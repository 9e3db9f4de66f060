import type { Result } from "../scenario/parse_scenario.ts";
import { groupDigits } from "../units/mod.ts";
import type { Architecture } from "./architecture.ts";
import type { Config } from "./architecture_of_config.ts";
import { architectureOfConfig } from "./architecture_of_config.ts";
import { modelOfConfig } from "./build_model.ts";
import { countTensors } from "./count_tensors.ts";
import type { HeaderTensor } from "./headers.ts";
import { tensorsOfHeaders } from "./headers.ts";
import type { Model } from "./model.ts";
import { rolesOf } from "./roles.ts";
import type { Tensor } from "./tensors/tensor.ts";
import { copiesOf } from "./tensors/tensor.ts";

/** What is known of a checkpoint, on the Hub or on a disk. */
export interface Checkpoint {
  id: string;
  config: Config | null;
  headers: readonly HeaderTensor[] | null;
}

/**
 * Builds the model of a checkpoint. Its config tells the tensors where a family
 * knows its type, else its headers do; where both are there, they are compared.
 *
 * @param prefer Which of the two counts when both are there.
 */
export function modelOfCheckpoint(
  { id, config, headers }: Checkpoint,
  prefer: "config" | "headers" = "config",
): Result<Model> {
  const fromConfig = config &&
    modelOfConfig(config, { name: id, source: "config" });
  if (!headers) {
    return fromConfig ??
      refused(`${id} has neither a config.json nor a safetensors checkpoint`);
  }
  const isKnown = fromConfig?.ok &&
    fromConfig.value.parameters_basis === "exact";
  const packed = config !== null && "quantization_config" in config;
  const fromHeaders = modelOfHeaders(id, headers, config);
  if (!isKnown) return fromHeaders;
  const note = packed ? [] : disagreement(fromConfig.value, fromHeaders);
  // A quantised checkpoint packs several parameters into a number.
  const chosen = prefer === "headers" && !packed && fromHeaders.ok
    ? fromHeaders.value
    : fromConfig.value;
  return { ok: true, value: { ...chosen, notes: [...chosen.notes, ...note] } };
}

function modelOfHeaders(
  id: string,
  headers: readonly HeaderTensor[],
  config: Config | null,
): Result<Model> {
  const tensors = tensorsOfHeaders(headers);
  const read = config && architectureOfConfig(config);
  const architecture = read?.ok ? read.value : architectureOfTensors(tensors);
  const { total, active } = countTensors(tensors, architecture);
  if (!Number.isSafeInteger(total)) {
    return refused(`${id} has a checkpoint of more than 2^53 parameters`);
  }
  return {
    ok: true,
    value: {
      name: id,
      source: "headers",
      architecture,
      tensors,
      roles: rolesOf(tensors),
      buffers: [],
      parameters: total,
      active_parameters: active,
      parameters_basis: "exact",
      notes: read?.ok ? [] : [
        `${id} has no config.json that tells its dimensions: they are read off its tensors, and its heads are not known`,
      ],
    },
  };
}

/** What tensors alone tell of a decoder's dimensions. */
function architectureOfTensors(tensors: readonly Tensor[]): Architecture {
  const embedding = tensors.find(({ role }) => role === "embedding")?.shape ??
    [1, 1];
  const [vocabulary = 1, hidden = 1] = embedding;
  const up = tensors.find(({ role }) => role === "up" || role === "gate_up");
  return {
    type: "unknown",
    layers: Math.max(
      1,
      ...tensors.filter(({ role }) => role === "norm").map(copiesOf),
    ),
    hidden_size: hidden,
    attention_heads: 0,
    kv_heads: 0,
    head_dim: 0,
    intermediate_size: up?.shape[0] ?? 4 * hidden,
    vocab_size: vocabulary,
    tie_embeddings: !tensors.some(({ role }) => role === "head"),
    gated_mlp: tensors.some(({ role }) => role === "gate"),
    experts: 0,
    experts_per_token: 0,
    expert_intermediate_size: 0,
    shared_expert_intermediate_size: 0,
    dense_layers: 0,
    max_position_embeddings: null,
    vision: null,
  };
}

function disagreement(config: Model, headers: Result<Model>): string[] {
  if (!headers.ok || headers.value.parameters === config.parameters) return [];
  const difference = headers.value.parameters - config.parameters;
  return [
    `The checkpoint's headers hold ${
      groupDigits(headers.value.parameters)
    } parameters, the config describes ${groupDigits(config.parameters)}: ${
      difference > 0 ? "+" : ""
    }${difference}; tied weights may be stored twice, and layers that are not loaded too`,
  ];
}

function refused(reason: string): Result<Model> {
  return {
    ok: false,
    problems: [{ path: "model", message: `model ${reason}` }],
  };
}
