import type { Result } from "../scenario/parse_scenario.ts";
import type { Architecture } from "./architecture.ts";
import { architectureOfConfig } from "./architecture_of_config.ts";
import { withClassDefaults } from "./class_defaults.ts";
import type { Config } from "./config.ts";
import { countTensors } from "./count_tensors.ts";
import { faultNotes, uncountedWarnings } from "./config_remarks.ts";
import { genericDecoder } from "./families/generic.ts";
import { FAMILIES, familyOf } from "./families/mod.ts";
import { classOf, namedClass } from "./heads/class_of_config.ts";
import { textAlone } from "./heads/text_alone.ts";
import { withTypeOfClass } from "./heads/type_of_class.ts";
import { layerKindWarnings } from "./layer_kind_warnings.ts";
import type { Model } from "./model.ts";
import { otherFile } from "./other_file.ts";
import { rolesOf } from "./roles.ts";
import { ConfigReader } from "./tensors/config_reader.ts";
import { layersOf, MAX_MODEL_LAYERS } from "./tensors/layer_ranges.ts";
import { TensorScope, TooManyTensors } from "./tensors/tensor_scope.ts";

/**
 * Builds the model that a config.json describes, tensor by tensor. A model type
 * that no family knows becomes a generic decoder of its dimensions, and says so.
 *
 * @returns The model, or everything that is wrong with the config.
 */
export function modelOfConfig(
  given: Config,
  { name, source, isCounted = false }: Pick<Model, "name" | "source"> & {
    /** Whether somebody counted this very config, whatever others of its type do. */
    isCounted?: boolean;
  },
): Result<Model> {
  const typed = withTypeOfClass(given);
  const alone = textAlone(typed.config);
  const { config, notes: assumed } = withClassDefaults(alone.config);
  const architecture = architectureOfConfig(config);
  if (!architecture.ok) {
    const other = otherFile(config);
    return other === null ? architecture : {
      ok: false,
      problems: [{ path: "model.config", message: `model.config ${other}` }],
    };
  }
  const { type } = architecture.value;
  const { name: className, kind, warning } = classOf(type, namedClass(config));
  const notes = [
    ...typed.notes,
    ...alone.notes,
    ...assumed,
    ...faultNotes(architecture.value),
  ];
  const strange = layerKindWarnings(config);
  const warnings = [
    ...uncountedWarnings(architecture.value, config),
    ...strange,
    ...(warning === null ? [] : [warning]),
  ];
  const family = Object.hasOwn(FAMILIES, type) ? FAMILIES[type] : undefined;
  if (!family) {
    return finished(generic(architecture.value), {
      config,
      name,
      source,
      architecture: architecture.value,
      parameters_basis: "assumed",
      notes: [
        `The parameter count is approximate: ${
          type === "unknown"
            ? "the config names no model_type"
            : `model type "${type}" is not known`
        }, so it is taken for a decoder like llama with its dimensions`,
        ...notes,
      ],
      doubts: warnings,
    });
  }
  const isPartly = !isCounted &&
    (familyOf(type)?.isPartly?.(className, config) ?? false);
  const counted = warning === null
    ? config
    : { ...config, architectures: className === "" ? [] : [className] };
  const reader = new ConfigReader(counted);
  const scope = new TensorScope();
  try {
    family(reader, scope);
  } catch (error) {
    if (!(error instanceof TooManyTensors)) throw error;
    const message = `model ${error.message}`;
    return { ok: false, problems: [{ path: "model", message }] };
  }
  if (reader.problems.length > 0) {
    return { ok: false, problems: reader.problems };
  }
  warnings.push(...reader.doubts);
  return finished(scope, {
    config: counted,
    name,
    source,
    architecture: kind === "vocabulary" || kind === "other"
      ? architecture.value
      : { ...architecture.value, tie_embeddings: false },
    parameters_basis: warning === null && !isPartly &&
        strange.length === 0 && reader.doubts.size === 0
      ? "exact"
      : "assumed",
    notes: isPartly
      ? [
        ...notes,
        `The parameter count may be off: not every config of model type "${type}" is checked`,
      ]
      : notes,
    doubts: warnings,
  });
}

/** Builds the model of bare dimensions: a decoder like llama, or Mixtral. */
export function modelOfDimensions(
  architecture: Architecture,
  { name, source }: Pick<Model, "name" | "source">,
): Result<Model> {
  return finished(generic(architecture), {
    name,
    source,
    architecture,
    parameters_basis: "derived",
    notes: [],
  });
}

function generic(architecture: Architecture): TensorScope {
  const scope = new TensorScope();
  genericDecoder(architecture, scope);
  return scope;
}

function finished(
  { tensors, buffers }: TensorScope,
  known: Omit<
    Model,
    "tensors" | "roles" | "buffers" | "parameters" | "active_parameters"
  >,
): Result<Model> {
  const layers = layersOf(tensors);
  if (layers > MAX_MODEL_LAYERS) {
    return {
      ok: false,
      problems: [{
        path: "model",
        message:
          `model must have at most ${MAX_MODEL_LAYERS} layers: its config describes ${layers}`,
      }],
    };
  }
  const { total, active } = countTensors(tensors, known.architecture);
  if (!Number.isSafeInteger(total)) {
    return {
      ok: false,
      problems: [{
        path: "model",
        message:
          `model must have fewer than 2^53 parameters: its config describes ${
            total.toExponential(1)
          }`,
      }],
    };
  }
  return {
    ok: true,
    value: {
      ...known,
      tensors,
      roles: rolesOf(tensors),
      buffers,
      parameters: total,
      active_parameters: active,
    },
  };
}
