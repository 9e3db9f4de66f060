import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import { TooManySteps } from "../../patterns/mod.ts";
import { layersOfName, NameList } from "./match.ts";
import type { Module } from "./module.ts";
import { modulesOf } from "./module.ts";
import { adaptedParameters, parameterRefusal } from "./parameters.ts";
import {
  savedCopies,
  savedRefusal,
  savingNothing,
  trainedBiases,
} from "./saved.ts";
import type { Facts, LoraSettings } from "./settings.ts";
import type { Targets } from "./targets.ts";
import { takenOf, targetsOf } from "./targets.ts";
import { tiedTensors } from "./tied.ts";
import { unfitFor } from "./unfit.ts";
import { lowRank, lowRankParameter } from "./low_rank.ts";

/** The parameters that LoRA trains. */
export interface Adapters {
  /** The tensors that it adds. */
  tensors: Tensor[];
  /** All that trains: adapters, saved copies and biases. */
  trainable: number;
  /** How many modules of each name were adapted. */
  hits: Record<string, number>;
  notes: string[];
}

/**
 * Adds LoRA to a model as PEFT does.
 *
 * Source: PEFT 0.21.2, peft/tuners/lora and peft/tuners/tuners_utils.py
 *
 * @returns The adapters, or why PEFT would stop: targets that no module answers
 *   to, or modules that it cannot adapt or save.
 */
export function adaptersOf(
  tensors: readonly Tensor[],
  settings: LoraSettings,
  facts: Facts,
): Result<Adapters> {
  try {
    return added(tensors, settings, facts);
  } catch (error) {
    if (!(error instanceof TooManySteps)) throw error;
    return refused(
      `train.lora.targets ${error.message}: current value is ${
        shown(settings.targets)
      }`,
    );
  }
}

function added(
  tensors: readonly Tensor[],
  settings: LoraSettings,
  facts: Facts,
): Result<Adapters> {
  const all = [...tensors, ...tiedTensors(tensors, facts.model_type)];
  const modules = modulesOf(all, facts);
  const targets = targetsOf(settings, modules, all, facts);
  const taken = modules.flatMap((module) => adapted(module, targets));
  const parameters = adaptedParameters(all, targets.parameters);
  if (targets.refusal === null && taken.length + parameters.length === 0) {
    return refused(noneFound(settings, targets, modules));
  }
  const places = [
    ...taken,
    ...parameters.map(({ name, layers }) => ({
      path: name.slice(0, name.lastIndexOf(".")),
      layers,
    })),
  ];
  const refusal = targets.refusal ??
    unfitFor(taken, parameters, settings, facts) ??
    parameterRefusal(parameters, taken, settings) ??
    savedRefusal(settings.modules_to_save, modules, places);
  if (refusal !== null) return refused(refusal);
  const adapters = [
    ...taken.flatMap((module) => lowRank(module, settings)),
    ...parameters.flatMap((tensor) =>
      lowRankParameter(
        tensor,
        tensor.name.endsWith(`.${targets.doubled}`)
          ? 2 * settings.rank
          : settings.rank,
      )
    ),
    ...savedCopies(all, settings.modules_to_save),
  ];
  return {
    ok: true,
    value: {
      tensors: adapters,
      trainable: adapters.reduce(
        (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
        trainedBiases(tensors, places, settings),
      ),
      hits: hitsOf(taken),
      notes: [
        ...targets.notes,
        ...missed(targets, modules),
        ...missedOthers(all, targets, settings),
      ],
    },
  };
}

function refused(message: string): Result<Adapters> {
  return { ok: false, problems: [{ path: pathOf(message), message }] };
}

/** A message begins with the path of the field. */
function pathOf(message: string): string {
  return message.slice(0, message.indexOf(" "));
}

/** The part of a stack of modules that the targets take. */
function adapted(
  module: Module,
  targets: Targets,
): Module[] {
  const taken = takenOf(module, targets);
  if (taken === "none") return [];
  return [{ ...module, layers: layersOfName(module.layers, taken) }];
}

function hitsOf(modules: readonly Module[]): Record<string, number> {
  const hits: Record<string, number> = {};
  for (const module of modules) {
    const name = module.path.split(".").pop() ?? "";
    hits[name] = (hits[name] ?? 0) + module.each * copiesOf(module);
  }
  return hits;
}

function missed(
  { modules: targets }: Targets,
  modules: readonly Module[],
): string[] {
  if (targets === "all-linear" || "pattern" in targets) return [];
  const list = new NameList(targets.names);
  const found = new Set(
    modules.flatMap(({ path, layers }) => list.takers(path, layers)),
  );
  const missing = targets.names.filter((name) => !found.has(name));
  return missing.length === 0 ? [] : [
    `train.lora.targets: the model has no ${
      missing.join(", ")
    }; the other targets are adapted`,
  ];
}

/** Other settings that find nothing in the model. */
function missedOthers(
  tensors: readonly Tensor[],
  { parameters }: Targets,
  { modules_to_save, bias }: LoraSettings,
): string[] {
  const said: string[] = [];
  const lacks = (field: string, name: string): void => {
    said.push(`train.lora.${field}: the model has no ${name}`);
  };
  for (const name of parameters) {
    if (adaptedParameters(tensors, [name]).length === 0) {
      lacks("target_parameters", name);
    }
  }
  for (const name of savingNothing(tensors, modules_to_save)) {
    lacks("modules_to_save", name);
  }
  if (bias !== "none" && !tensors.some(({ name }) => name.endsWith(".bias"))) {
    lacks("bias", "biases");
  }
  return said;
}

/** What to say where no module answers to the targets. */
function noneFound(
  { targets, modules_to_save }: LoraSettings,
  read: Targets,
  modules: readonly Module[],
): string {
  const names = lastNames(modules);
  if (names === "") {
    return `train.lora.targets must name linear modules, and this model has none: current value is ${
      shown(targets)
    }`;
  }
  const own = typeof read.modules === "object" && "names" in read.modules
    ? read.modules.names.join(", ")
    : "";
  const instead = 'name modules, or give "all-linear"';
  const meant = targets !== "default"
    ? ""
    : own === ""
    ? `, which PEFT has none of for its type: ${instead}`
    : `, PEFT's targets for its type (${own}), which it does not have: ${instead}`;
  return `train.lora.targets must name modules of the model (${names})${
    modules_to_save.length > 0
      ? " that are not in train.lora.modules_to_save"
      : ""
  }: current value is ${shown(targets)}${meant}`;
}

function lastNames(modules: readonly Module[]): string {
  const names = modules.filter(({ kind }) => kind === "linear")
    .map(({ path }) => path.split(".").pop() ?? "");
  return [...new Set(names)].slice(0, 12).join(", ");
}
