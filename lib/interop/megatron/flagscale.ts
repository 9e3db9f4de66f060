import { isObject } from "../../scenario/fields.ts";
import type { Document } from "../reading/document.ts";
import { checkText, readDocument } from "../reading/document.ts";
import type { ServingSource } from "../reading/serving/source.ts";

/** Sections of FlagScale whose settings are Megatron-LM's flags. */
const SECTIONS: readonly (readonly string[])[] = [
  ["system"],
  ["system", "precision"],
  ["system", "memory"],
  ["model"],
  ["model", "optimizer"],
  ["data", "tokenizer"],
];

/**
 * FlagScale's YAML: the one of a training, whose settings are Megatron-LM's flags,
 * or the one of an experiment, which names it and says on how many GPUs it runs.
 */
export function parseFlagScale(source: ServingSource): Document | null {
  if (
    !source.isWritten || !/^(?:system|experiment):/m.test(source.text) ||
    !checkText(source.text).ok
  ) return null;
  const read = readDocument(source.text);
  if (!read.ok) return null;
  const { values } = read.value;
  const { system, model, experiment } = values;
  const flags = isObject(system) && isObject(model)
    ? flagsOf(values)
    : isObject(experiment)
    ? flagsOfRunner(experiment)
    : null;
  if (flags === null) return null;
  const file = isObject(system) ? null : trainingIn(values["defaults"]);
  return {
    ...read.value,
    kind: "shell",
    values: flags,
    ...(file === null ? {} : { file: `${file}.yaml` }),
  };
}

function flagsOf(values: Record<string, unknown>): Record<string, unknown> {
  const flags: Record<string, unknown> = Object.create(null);
  for (const path of SECTIONS) {
    const section = path.reduce<unknown>(
      (inner, name) => isObject(inner) ? inner[name] : undefined,
      values,
    );
    if (!isObject(section)) continue;
    for (const [key, value] of Object.entries(section)) {
      if (value === false || value === null || isObject(value)) continue;
      flags[key.replaceAll("_", "-")] = value === true ? true : String(value);
    }
  }
  return flags;
}

function flagsOfRunner(
  experiment: Record<string, unknown>,
): Record<string, unknown> | null {
  const { runner, task } = experiment;
  if (!isObject(runner) || !isObject(task) || task["type"] !== "train") {
    return null;
  }
  const { nnodes, nproc_per_node } = runner;
  return {
    ...(nnodes === undefined ? {} : { nnodes: String(nnodes) }),
    ...(nproc_per_node === undefined
      ? {}
      : { "nproc-per-node": String(nproc_per_node) }),
  };
}

/** The training that hydra's list of defaults names. */
function trainingIn(defaults: unknown): string | null {
  if (!Array.isArray(defaults)) return null;
  for (const each of defaults) {
    const name = isObject(each) ? each["train"] : undefined;
    if (typeof name === "string") return name;
  }
  return null;
}
