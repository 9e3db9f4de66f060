import { Matcher, readPattern } from "../../patterns/mod.ts";
import { shown } from "../../scenario/problem.ts";
import type { OldNames } from "../families/code/peft.ts";
import { codeOfType } from "../families/mod.ts";
import { numbersOf } from "../tensors/layer_numbers.ts";
import type { Tensor } from "../tensors/tensor.ts";
import type { MatchedTargets } from "./match.ts";
import { layersOfName, NameList, PathPattern, without } from "./match.ts";
import type { Module } from "./module.ts";
import type { Facts, LoraSettings } from "./settings.ts";
import { TextFinder } from "./text_finder.ts";

/** What LoRA is to adapt. */
export interface Targets {
  modules:
    | { names: readonly string[]; list: NameList }
    | { pattern: PathPattern }
    | "all-linear";
  /** Finds the modules that lie in one to save, which LoRA leaves alone. */
  kept: TextFinder;
  /** Bare parameters, by the end of their names. */
  parameters: readonly string[];
  /** A bare parameter that stands for two linears and gets twice the rank. */
  doubled: string | null;
  /** What is to be said of them. */
  notes: string[];
  /** Why PEFT would stop; null when it would not. */
  refusal: string | null;
}

/**
 * Reads the settings as PEFT does: defaults by model type, and old names of
 * experts as the parameters that hold them now.
 */
export function targetsOf(
  settings: LoraSettings,
  modules: readonly Module[],
  tensors: readonly Tensor[],
  facts: Facts,
): Targets {
  const { modules_to_save } = settings;
  const { targets, target_parameters, notes } = withPaths(
    settings,
    modules,
    tensors,
  );
  const read: Targets = {
    modules: "all-linear",
    kept: new TextFinder(modules_to_save.map((name) => `.${name}.`)),
    parameters: target_parameters,
    doubled: null,
    notes,
    refusal: null,
  };
  const old = convertedBy(facts, targets);
  if (targets === "default") {
    return withDefaults(read, modules, facts, old !== null);
  }
  if (typeof targets !== "string") read.modules = named(targets);
  else if (targets !== "all-linear") {
    const pattern = patternOf(targets);
    if (pattern.refusal !== null) return { ...read, refusal: pattern.refusal };
    read.modules = pattern;
  }
  if (old === null) return read;
  const names = namesOf(read, modules, tensors, old);
  return names.length === 0 ? read : converted(read, names, old);
}

/**
 * Paths among the targets that no module has and a bare parameter does are the
 * parameter's: PEFT has them in target_parameters.
 */
function withPaths(
  { targets, target_parameters }: LoraSettings,
  modules: readonly Module[],
  tensors: readonly Tensor[],
): Pick<LoraSettings, "targets" | "target_parameters"> & { notes: string[] } {
  const asked = { targets, target_parameters, notes: [] };
  if (typeof targets === "string") return asked;
  const paths = targets.filter((name) => name.includes("."));
  if (paths.length === 0) return asked;
  const list = new NameList(paths);
  const takenFrom = (places: readonly Pick<Module, "path" | "layers">[]) =>
    new Set(places.flatMap(({ path, layers }) => list.takers(path, layers)));
  const ofModules = takenFrom(modules);
  const ofParameters = takenFrom(
    tensors.flatMap(({ name, layers, module }) =>
      module === "parameter" ? [{ path: name, layers }] : []
    ),
  );
  const bare = paths.filter((name) =>
    ofParameters.has(name) && !ofModules.has(name)
  );
  if (bare.length === 0) return asked;
  return {
    targets: targets.filter((name) => !bare.includes(name)),
    target_parameters: [...new Set([...target_parameters, ...bare])],
    notes: [
      `train.lora.targets: ${
        bare.join(", ")
      } are parameters of no module of that name, taken as train.lora.target_parameters`,
    ],
  };
}

/** The part of a stack of modules that the targets take. */
export function takenOf(
  { path, layers, kind, head }: Module,
  { modules, kept }: Targets,
): MatchedTargets {
  const taken = modules === "all-linear"
    ? kind === "linear" && !head ? "all" : "none"
    : "pattern" in modules
    ? modules.pattern.taken(path, layers)
    : modules.list.taken(path, layers);
  return taken === "none"
    ? taken
    : without(layers, taken, keptBy(kept, path, layers));
}

/** The part of a stack of modules that lies in a module to save. */
function keptBy(
  kept: TextFinder,
  path: string,
  layers: Module["layers"],
): MatchedTargets {
  return kept.taken(path, layers, [".", "."]);
}

function named(names: readonly string[]): Targets["modules"] {
  return { names, list: new NameList(names) };
}

/** A text of targets as the pattern that it is, or why it is none. */
function patternOf(
  text: string,
): { pattern: PathPattern; refusal: null } | { refusal: string } {
  const read = readPattern(text);
  return read.ok
    ? { pattern: new PathPattern(new Matcher(read.automaton)), refusal: null }
    : {
      refusal: `train.lora.targets ${read.reason}: current value is ${
        shown(text)
      }`,
    };
}

/** Strings are converted from PEFT 0.20, lists from 0.19. */
function convertedBy(
  { model_type, transformers, peft }: Facts,
  targets: LoraSettings["targets"],
): OldNames | null {
  if (transformers === 4) return null;
  const from = typeof targets === "string" ? 20 : 19;
  return peft >= from ? codeOfType(model_type).peft.experts : null;
}

/** PEFT's own targets for a model type, or q_proj and v_proj where it has none. */
function withDefaults(
  read: Targets,
  modules: readonly Module[],
  { model_type }: Facts,
  isConverted: boolean,
): Targets {
  const usual = isConverted ? null : codeOfType(model_type).peft.targets;
  if (typeof usual === "string") {
    const pattern = patternOf(usual);
    return pattern.refusal === null
      ? { ...read, modules: pattern }
      : { ...read, refusal: pattern.refusal };
  }
  if (usual !== null) return { ...read, modules: named(usual) };
  if (read.parameters.length > 0) return { ...read, modules: named([]) };
  const usually = new NameList(["q_proj", "v_proj"]);
  const found = new Set(
    modules.flatMap(({ path, layers }) => usually.takers(path, layers)),
  );
  const names = ["q_proj", "v_proj"].filter((name) => found.has(name));
  return {
    ...read,
    modules: named(names),
    notes: [
      `PEFT has no default targets${
        isConverted ? " that fit its fused experts" : ""
      } for model type "${model_type}" and would stop: ${
        names.join(" and ") || "no module"
      } taken`,
    ],
  };
}

/** Names of a list that are old ones of experts become parameters. */
function converted(
  read: Targets,
  names: readonly string[],
  old: OldNames,
): Targets {
  const oldOf = (name: string): string | undefined =>
    Object.keys(old).find((each) => name === each || name.endsWith(`.${each}`));
  const found = new Set(names.flatMap((name) => oldOf(name) ?? []));
  const parts = Object.keys(old).filter((name) => old[name] === FUSED);
  const present = parts.filter((name) => found.has(name));
  const missing = parts.filter((name) => !found.has(name));
  const isWhole = missing.length === 0;
  return {
    ...read,
    modules: named(names.filter((name) => oldOf(name) === undefined)),
    parameters: [
      ...new Set([
        ...read.parameters,
        ...[...found].flatMap((name) => old[name] ?? []),
      ]),
    ],
    doubled: isWhole ? FUSED : null,
    refusal: present.length > 0 && !isWhole
      ? `train.lora.targets must name ${missing.join(" and ")} with ${
        present.join(" and ")
      }, which are fused in ${FUSED}`
      : null,
  };
}

const FUSED = "gate_up_proj";

/**
 * The targets as names: of "all-linear" and of a pattern the last keys of what
 * they take, with the old names of experts that they would have taken.
 */
function namesOf(
  { modules: wanted, kept }: Targets,
  modules: readonly Module[],
  tensors: readonly Tensor[],
  old: OldNames,
): string[] {
  if (wanted === "all-linear") {
    const names = modules.filter(({ kind, head }) => kind === "linear" && !head)
      .flatMap(({ path, layers }) => lastKeys(path, layers));
    return [...new Set([...names, ...Object.keys(old)])];
  }
  if ("names" in wanted) return [...wanted.names];
  const { pattern } = wanted;
  const taken = (path: string, layers: Module["layers"]): MatchedTargets =>
    without(
      layers,
      pattern.taken(path, layers),
      keptBy(kept, path, layers),
    );
  const names = new Set(
    [
      ...modules,
      ...tensors.map(({ name, layers }) => ({ path: name, layers })),
    ].flatMap(({ path, layers }) =>
      lastKeys(path, layersOfName(layers, taken(path, layers)))
    ),
  );
  for (const [name, parameter] of Object.entries(old)) {
    const isTaken = tensors.some((tensor) =>
      tensor.name.endsWith(`.${parameter}`) &&
      lastOf(tensor.name) === parameter &&
      taken(
          `${tensor.name.slice(0, -parameter.length)}${name}`,
          tensor.layers,
        ) !== "none"
    );
    if (isTaken) names.add(name);
  }
  return [...names];
}

/** The last key of a path: each layer's number where it is one. */
function lastKeys(path: string, layers: Module["layers"]): string[] {
  if (layers?.length === 0) return [];
  const last = lastOf(path);
  if (last !== "N" || layers === null) return [last];
  return numbersOf(layers).map(String);
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
