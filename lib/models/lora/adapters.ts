import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import { DEFAULT_TARGETS } from "./default_targets.ts";
import type { Taken } from "./match.ts";
import { takenByName, takenByPattern, wholePattern } from "./match.ts";
import type { Facts, Module } from "./module.ts";
import { modulesOf } from "./module.ts";
import { savedCopies, trainedBiases } from "./saved.ts";
import type { LoraSettings } from "./settings.ts";

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
 * Source: PEFT 0.21.2, peft/tuners/lora/layer.py and peft/tuners/tuners_utils.py
 *
 * @returns The adapters, or why PEFT would stop: a target list that no module
 *   answers to.
 */
export function adaptersOf(
  tensors: readonly Tensor[],
  settings: LoraSettings,
  facts: Facts,
): Result<Adapters> {
  const modules = modulesOf(tensors, facts);
  const notes: string[] = [];
  const targets = targetsOf(settings.targets, modules, facts, notes);
  const taken = modules.flatMap((module) => adapted(module, targets));
  const parameters = tensors.flatMap((tensor) =>
    adaptedParameters(tensor, settings.target_parameters)
  );
  if (taken.length === 0 && parameters.length === 0) {
    return {
      ok: false,
      problems: [{
        path: "train.lora.targets",
        message: `train.lora.targets must name modules of the model (${
          lastNames(modules)
        }): current value is ${shown(settings.targets)}`,
      }],
    };
  }
  notes.push(...missed(targets, modules), ...missedOthers(tensors, settings));
  const added = [
    ...taken.flatMap((module) => lowRank(module, settings)),
    ...parameters.flatMap((tensor) => lowRankParameter(tensor, settings.rank)),
    ...savedCopies(tensors, settings.modules_to_save),
  ];
  return {
    ok: true,
    value: {
      tensors: added,
      trainable: added.reduce(
        (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
        trainedBiases(tensors, taken, settings.bias),
      ),
      hits: hitsOf(taken),
      notes,
    },
  };
}

type Targets =
  | { names: readonly string[] }
  | { pattern: RegExp }
  | "all-linear";

function targetsOf(
  targets: LoraSettings["targets"],
  modules: readonly Module[],
  { model_type }: Facts,
  notes: string[],
): Targets {
  if (typeof targets !== "string") return { names: targets };
  if (targets === "all-linear") return "all-linear";
  if (targets !== "default") return { pattern: wholePattern(targets) };
  const usual = Object.hasOwn(DEFAULT_TARGETS, model_type)
    ? DEFAULT_TARGETS[model_type]
    : undefined;
  if (usual !== undefined) {
    return typeof usual === "string"
      ? { pattern: wholePattern(usual) }
      : { names: usual };
  }
  const fallback = ["q_proj", "v_proj"].filter((name) =>
    modules.some(({ path, layers }) =>
      takenByName(path, layers, name) !== "none"
    )
  );
  notes.push(
    `PEFT has no default targets for model type "${model_type}" and would stop: ${
      fallback.join(" and ") || "no module"
    } taken`,
  );
  return { names: fallback };
}

/** The part of a stack of modules that the targets take. */
function adapted(module: Module, targets: Targets): Module[] {
  const taken = takenOf(module, targets);
  if (taken === "none") return [];
  return [taken === "all" ? module : { ...module, layers: taken }];
}

function takenOf(
  { path, layers, kind, head }: Module,
  targets: Targets,
): Taken {
  if (targets === "all-linear") {
    return kind === "linear" && !head ? "all" : "none";
  }
  if ("pattern" in targets) {
    return takenByPattern(path, layers, targets.pattern);
  }
  const found = targets.names.map((name) => takenByName(path, layers, name))
    .filter((taken) => taken !== "none");
  if (found.includes("all")) return "all";
  const some = found.flatMap((taken) => typeof taken === "string" ? [] : taken);
  return some.length === 0 ? "none" : some;
}

function adaptedParameters(tensor: Tensor, names: readonly string[]): Tensor[] {
  if (tensor.shape.length < 2) return [];
  const taken = names.map((name) =>
    takenByName(tensor.name, tensor.layers, name)
  )
    .filter((each) => each !== "none");
  if (taken.length === 0) return [];
  if (taken.includes("all")) return [tensor];
  const layers = taken.flatMap((each) => typeof each === "string" ? [] : each);
  return [{ ...tensor, layers }];
}

/** A and B of each module, and DoRA's magnitudes. */
function lowRank(module: Module, { rank, dora }: LoraSettings): Tensor[] {
  const suffix = module.kind === "embedding"
    ? ["lora_embedding_A.default", "lora_embedding_B.default"]
    : ["lora_A.default.weight", "lora_B.default.weight"];
  const each = module.each === 1 ? [] : [module.each];
  const shapes: [string, number[]][] = [
    [suffix[0] ?? "", [...each, rank, module.in]],
    [suffix[1] ?? "", [...each, module.out, rank]],
  ];
  if (dora) {
    shapes.push(["lora_magnitude_vector.default.weight", [
      ...each,
      module.out,
    ]]);
  }
  return shapes.map(([name, shape]) =>
    adapter(`${module.path}.${name}`, shape, module.layers)
  );
}

/** A and B of a bare parameter: of all experts at once where it is 3-D. */
function lowRankParameter(tensor: Tensor, rank: number): Tensor[] {
  const [experts, first = 1, second = 1] = tensor.shape.length === 3
    ? tensor.shape
    : [1, ...tensor.shape];
  const ranks = rank * (experts ?? 1);
  return [
    adapter(
      `${tensor.name}.lora_A.default.weight`,
      [ranks, first],
      tensor.layers,
    ),
    adapter(
      `${tensor.name}.lora_B.default.weight`,
      [second, ranks],
      tensor.layers,
    ),
  ];
}

function adapter(
  path: string,
  shape: number[],
  layers: Tensor["layers"],
): Tensor {
  return {
    name: `base_model.model.${path}`,
    shape,
    layers,
    role: "other",
    piece: "language_model",
    module: "linear",
    split: null,
    expert: false,
    quantized: false,
    dtype: null,
  };
}

function hitsOf(modules: readonly Module[]): Record<string, number> {
  const hits: Record<string, number> = {};
  for (const module of modules) {
    const name = module.path.split(".").pop() ?? "";
    hits[name] = (hits[name] ?? 0) + module.each * copiesOf(module);
  }
  return hits;
}

function missed(targets: Targets, modules: readonly Module[]): string[] {
  if (targets === "all-linear" || "pattern" in targets) return [];
  const missing = targets.names.filter((name) =>
    modules.every(({ path, layers }) =>
      takenByName(path, layers, name) === "none"
    )
  );
  return missing.length === 0 ? [] : [
    `train.lora.targets: the model has no ${
      missing.join(", ")
    }; the other targets are adapted`,
  ];
}

/** Other settings that find nothing in the model. */
function missedOthers(
  tensors: readonly Tensor[],
  { target_parameters, modules_to_save, bias }: LoraSettings,
): string[] {
  const said: string[] = [];
  const lacks = (field: string, name: string): void => {
    said.push(`train.lora.${field}: the model has no ${name}`);
  };
  for (const name of target_parameters) {
    const found = tensors.some((tensor) =>
      adaptedParameters(tensor, [name]).length > 0
    );
    if (!found) lacks("target_parameters", name);
  }
  for (const name of modules_to_save) {
    if (savedCopies(tensors, [name]).length === 0) {
      lacks("modules_to_save", name);
    }
  }
  if (bias !== "none" && !tensors.some(({ name }) => name.endsWith("bias"))) {
    lacks("bias", "biases");
  }
  return said;
}

function lastNames(modules: readonly Module[]): string {
  const names = modules.filter(({ kind }) => kind === "linear")
    .map(({ path }) => path.split(".").pop() ?? "");
  return [...new Set(names)].slice(0, 12).join(", ");
}
