import type { Result } from "../../scenario/parse_scenario.ts";
import { formatBytes } from "../../units/mod.ts";
import { countTensors } from "../count_tensors.ts";
import type { Model } from "../model.ts";
import { rolesOf } from "../roles.ts";
import { ggmlFileOf } from "./ggml_file.ts";
import type { GgufHeader } from "./gguf_header.ts";
import { BrokenHeader } from "./ranges.ts";
import { tensorsOfGguf } from "./tensors_of_gguf.ts";

/** Builds the model that a GGUF file holds. */
export function modelOfGguf(name: string, header: GgufHeader): Result<Model> {
  try {
    return described(name, header);
  } catch (error) {
    if (!(error instanceof BrokenHeader)) throw error;
    const message = `model ${name}'s GGUF file ${error.message}`;
    return { ok: false, problems: [{ path: "model", message }] };
  }
}

function described(name: string, header: GgufHeader): Result<Model> {
  const { tensors, architecture, notes, bytes, dtypes } = tensorsOfGguf(header);
  const { total, active } = countTensors(tensors, architecture);
  if (!Number.isSafeInteger(total) || total === 0) {
    return {
      ok: false,
      problems: [{
        path: "model",
        message: total === 0
          ? `model ${name} must hold tensors: its GGUF file lists none`
          : `model ${name} must have fewer than 2^53 parameters: its GGUF file describes ${
            total.toExponential(1)
          }`,
      }],
    };
  }
  return {
    ok: true,
    value: {
      name,
      source: "headers",
      architecture,
      gguf: ggmlFileOf(header),
      tensors,
      roles: rolesOf(tensors),
      buffers: [],
      parameters: total,
      active_parameters: active,
      parameters_basis: "exact",
      notes: [
        `The file's tensors have ${formatBytes(bytes)}: ${
          Object.entries(dtypes).sort(([, a], [, b]) => b - a).map((
            [type, size],
          ) => `${type} ${formatBytes(size)}`).join(", ")
        }; serving loads them as they are, unless quantization.weights names another type`,
        ...notes,
      ],
    },
  };
}
