import type { Result } from "../scenario/parse_scenario.ts";
import { architectureOfConfig } from "./architecture_of_config.ts";
import { modelOfConfig } from "./build_model.ts";
import type { Config } from "./config.ts";
import { countTensors } from "./count_tensors.ts";
import { architectureOfTensors } from "./headers/architecture_of_tensors.ts";
import type { HeaderTensor } from "./headers/mod.ts";
import {
  BrokenHeader,
  compareTensors,
  hintsOfConfig,
  tensorsOfHeaders,
} from "./headers/mod.ts";
import type { Model } from "./model.ts";
import { rolesOf } from "./roles.ts";

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
  const fromHeaders = modelOfHeaders(id, headers, config);
  if (!isKnown || !fromHeaders.ok) return fromHeaders;
  const { message } = compareTensors(
    fromConfig.value.tensors,
    fromHeaders.value.tensors,
  );
  const chosen = prefer === "headers" ? fromHeaders.value : fromConfig.value;
  const notes = [...chosen.notes, ...(message === null ? [] : [message])];
  return { ok: true, value: { ...chosen, notes } };
}

function modelOfHeaders(
  id: string,
  headers: readonly HeaderTensor[],
  config: Config | null,
): Result<Model> {
  try {
    return described(id, headers, config);
  } catch (error) {
    if (error instanceof BrokenHeader) {
      return refused(`${id}'s checkpoint ${error.message}`);
    }
    throw error;
  }
}

function described(
  id: string,
  headers: readonly HeaderTensor[],
  config: Config | null,
): Result<Model> {
  const { tensors, notes } = tensorsOfHeaders(headers, hintsOfConfig(config));
  const stated = config && architectureOfConfig(config);
  const read = architectureOfTensors(tensors, headers);
  const architecture = stated?.ok ? stated.value : read.architecture;
  const { total, active } = countTensors(tensors, architecture);
  if (!Number.isSafeInteger(total) || total === 0) {
    return refused(
      total === 0
        ? `${id} must hold tensors: the headers of its checkpoint list none`
        : `${id} must have fewer than 2^53 parameters: its checkpoint's headers describe ${
          total.toExponential(1)
        }`,
    );
  }
  return {
    ok: true,
    value: {
      name: id,
      source: "headers",
      architecture,
      ...(config ? { released: config } : {}),
      tensors,
      roles: rolesOf(tensors),
      buffers: [],
      parameters: total,
      active_parameters: active,
      parameters_basis: "exact",
      notes: [
        ...notes,
        ...(stated?.ok ? [] : [
          `${id} has no config.json that tells its dimensions: they are read off its tensors${
            read.unknown.length > 0
              ? `, which do not tell ${
                read.unknown.join(", ")
              }; what needs these is not counted`
              : ""
          }`,
        ]),
      ],
    },
  };
}

function refused(reason: string): Result<Model> {
  return {
    ok: false,
    problems: [{ path: "model", message: `model ${reason}` }],
  };
}
