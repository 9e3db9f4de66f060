import type { GgmlFile } from "../../models/headers/ggml_file.ts";
import type { Model } from "../../models/model.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { shown } from "../../scenario/problem.ts";
import { fileTypeOf, GGUF_TYPES } from "./file_types.ts";
import type { GgufModel } from "./gguf_model.ts";
import { listedGguf } from "./listed.ts";
import { keptFormat } from "./kept_format.ts";
import { quantizedGguf } from "./quantized.ts";

/** What a scenario's format for a GGUF file begins with. */
const PREFIX = "gguf:";

/** Formats of other checkpoints that a GGUF file has too. */
const SHARED: Readonly<Record<string, string>> = {
  mxfp4: "MXFP4_MOE",
  nvfp4: "NVFP4",
};

/** Models are asked for again and again while an answer is made. */
const remembered = new WeakMap<Model, Map<string, GgufModel>>();

/** The same of what headers list. */
const listed = new WeakMap<GgmlFile, GgufModel>();

/** A GGUF file that a model was read from: each tensor in the type that it has. */
export function ggufOfFile(file: GgmlFile): GgufModel {
  const before = listed.get(file);
  if (before) return before;
  const gguf = listedGguf(file);
  listed.set(file, gguf);
  return gguf;
}

/** The file type that a format names; null for one that is no GGUF file's. */
export function ggufTypeOf(format: string): string | null {
  return format.startsWith(PREFIX) ? format.slice(PREFIX.length) : null;
}

/**
 * A model as a GGUF file of a type holds it: the file that it was read from where
 * that is of the type, else by llama-quantize's own choice for each tensor.
 *
 * @param type A file type's name: "Q4_K_M".
 * @returns It, or the problem that there is no such type.
 */
export function ggufOf(model: Model, type: string): Result<GgufModel> {
  const file = fileTypeOf(type);
  if (!file) {
    return problem(
      `${PREFIX}TYPE must be a file type of llama.cpp, one of ${
        GGUF_TYPES.join(", ")
      }: current value is ${shown(PREFIX + type)}`,
    );
  }
  // A file of that type is what its maker made of it, whatever the rules say.
  if (model.gguf && model.gguf.type === file.name) {
    return { ok: true, value: ggufOfFile(model.gguf) };
  }
  const known = remembered.get(model) ?? new Map<string, GgufModel>();
  remembered.set(model, known);
  const before = known.get(file.name);
  if (before && file.note === null) return { ok: true, value: before };
  const value = quantizedGguf(model, file);
  if (file.note === null) known.set(file.name, value);
  return { ok: true, value };
}

/**
 * The GGUF file that llama.cpp and its kin load for a scenario: of the type that
 * it names, else what llama.cpp's converter makes of the checkpoint.
 *
 * @returns It, or the problem that llama.cpp reads no such format.
 */
export function loadedGguf(
  { quantization, precision }: Pick<Scenario, "quantization" | "precision">,
  model: Model,
): Result<GgufModel> {
  const { weights } = quantization;
  if (weights === null && model.gguf) {
    return { ok: true, value: ggufOfFile(model.gguf) };
  }
  const format = weights === null
    ? publishedGguf(model) ?? keptFormat(model)
    : weights;
  if (format === null || format === "none") {
    return ggufOf(
      model,
      ({ bf16: "BF16", fp16: "F16", fp32: "F32" })[precision.weights],
    );
  }
  const type = ggufTypeOf(format) ??
    (Object.hasOwn(SHARED, format) ? SHARED[format] : undefined);
  return type === undefined
    ? problem(
      `must be ${PREFIX}TYPE for what llama.cpp loads, such as gguf:Q4_K_M: current value is ${
        shown(format)
      }`,
    )
    : ggufOf(model, type);
}

/** The GGUF file that a model is released as; null for other checkpoints. */
export function publishedGguf({ config }: Model): string | null {
  const stated = config?.["quantization_config"];
  if (typeof stated !== "object" || stated === null) return null;
  const { quant_method: method, file_type: type } = stated as Record<
    string,
    unknown
  >;
  return method === "gguf" && typeof type === "string"
    ? `${PREFIX}${type}`
    : null;
}

function problem<T>(message: string): Result<T> {
  return {
    ok: false,
    problems: [{
      path: "quantization.weights",
      message: `quantization.weights ${message}`,
    }],
  };
}
