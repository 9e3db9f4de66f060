import type { Draft, FileSetting } from "../draft.ts";
import type { Rule } from "../format.ts";
import { plainText } from "../plain_text.ts";

/** An optimizer in a Scenario's words, and what the name means besides. */
interface Named {
  name: string;
  bits?: 8 | 4;
  paged?: true;
  implementation?: "fused" | "foreach";
  in_backward?: true;
  note?: string;
}

/**
 * Optimizers as transformers' OptimizerNames, Axolotl's CustomSupportedOptimizers,
 * DeepSpeed's optimizer types, torchtune's components and Megatron-LM spell
 * them, in lower case.
 */
const NAMES: Record<string, Named> = {
  adamw_torch: { name: "adamw" },
  adamw_hf: { name: "adamw" },
  adamw_torch_fused: { name: "adamw", implementation: "fused" },
  adamw_apex_fused: { name: "adamw", implementation: "fused" },
  adamw_anyprecision: {
    name: "adamw",
    note: "its states' types, given in optim_args, are taken as fp32",
  },
  adamw_torch_4bit: { name: "adamw", bits: 4 },
  adamw_torch_8bit: { name: "adamw", bits: 8 },
  adamw_bnb_8bit: { name: "adamw", bits: 8 },
  adamw_8bit: { name: "adamw", bits: 8 },
  paged_adamw: { name: "adamw", paged: true },
  paged_adamw_32bit: { name: "adamw", paged: true },
  paged_adamw_8bit: { name: "adamw", bits: 8, paged: true },
  ademamix: { name: "ademamix" },
  ademamix_8bit: { name: "ademamix", bits: 8 },
  paged_ademamix: { name: "ademamix", paged: true },
  paged_ademamix_32bit: { name: "ademamix", paged: true },
  paged_ademamix_8bit: { name: "ademamix", bits: 8, paged: true },
  lion_32bit: { name: "lion" },
  lion_pytorch: { name: "lion" },
  lion_8bit: { name: "lion", bits: 8 },
  paged_lion: { name: "lion", paged: true },
  paged_lion_32bit: { name: "lion", paged: true },
  paged_lion_8bit: { name: "lion", bits: 8, paged: true },
  rmsprop_bnb: { name: "rmsprop" },
  rmsprop_bnb_32bit: { name: "rmsprop" },
  rmsprop_bnb_8bit: { name: "rmsprop", bits: 8 },
  galore_adamw: { name: "galore" },
  galore_adamw_8bit: { name: "galore", bits: 8 },
  galore_adamw_layerwise: { name: "galore", in_backward: true },
  galore_adamw_8bit_layerwise: { name: "galore", bits: 8, in_backward: true },
  apollo_adamw: { name: "apollo" },
  apollo_adamw_layerwise: { name: "apollo", in_backward: true },
  schedule_free_adamw: { name: "schedule-free-adamw" },
  schedule_free_sgd: { name: "schedule-free-sgd" },
  schedule_free_radam: {
    name: "schedule-free-adamw",
    note: "schedule-free RAdam keeps the states of schedule-free AdamW",
  },
  stable_adamw: { name: "adamw", note: "StableAdamW keeps AdamW's two states" },
  adopt_adamw: { name: "adamw", note: "ADOPT keeps AdamW's two states" },
  optimi_adamw: { name: "adamw", note: "optimi's AdamW is taken as AdamW" },
  ao_adamw_4bit: { name: "adamw", bits: 4 },
  ao_adamw_8bit: { name: "adamw", bits: 8 },
  ao_adamw_fp8: {
    name: "adamw",
    bits: 8,
    note: "fp8 states are taken as 8-bit ones",
  },
  fusedadam: { name: "adamw", implementation: "fused" },
  deepspeedcpuadam: { name: "adamw" },
  cpuadam: { name: "adamw" },
  onebitadam: { name: "adam", note: "1-bit Adam's error buffers are left out" },
  zerooneadam: { name: "adam", note: "0/1 Adam's error buffers are left out" },
  onebitlamb: { name: "lamb", note: "1-bit LAMB's error buffers are left out" },
  fusedlamb: { name: "lamb" },
  dist_muon: { name: "muon" },
  adam8bit: { name: "adam", bits: 8 },
  adamw8bit: { name: "adamw", bits: 8 },
  adamw4bit: { name: "adamw", bits: 4 },
  pagedadam: { name: "adam", paged: true },
  pagedadam32bit: { name: "adam", paged: true },
  pagedadam8bit: { name: "adam", bits: 8, paged: true },
  pagedadamw: { name: "adamw", paged: true },
  pagedadamw32bit: { name: "adamw", paged: true },
  pagedadamw8bit: { name: "adamw", bits: 8, paged: true },
  lion8bit: { name: "lion", bits: 8 },
  pagedlion: { name: "lion", paged: true },
  pagedlion32bit: { name: "lion", paged: true },
  pagedademamix: { name: "ademamix", paged: true },
  pagedademamix32bit: { name: "ademamix", paged: true },
  pagedademamix8bit: { name: "ademamix", bits: 8, paged: true },
  pagedlion8bit: { name: "lion", bits: 8, paged: true },
  sgd8bit: { name: "sgd-momentum", bits: 8 },
  adamwfp8: {
    name: "adamw",
    bits: 8,
    note: "fp8 states are taken as 8-bit ones",
  },
};

/** Names that tools and Scenarios share. */
const SHARED = new Set([
  "adamw",
  "adam",
  "nadam",
  "radam",
  "adamax",
  "adagrad",
  "adadelta",
  "adafactor",
  "lamb",
  "lion",
  "muon",
  "sgd",
  "rmsprop",
  "asgd",
  "rprop",
  "lomo",
  "adalomo",
  "adabelief",
  "shampoo",
  "soap",
  "sophia",
]);

/** An optimizer by its name in the tools; null where no Scenario has it. */
export function findOptimizer(name: string): Named | null {
  const key = name.toLowerCase().replace(/^optimizernames\./, "");
  if (Object.hasOwn(NAMES, key)) return NAMES[key] ?? null;
  return SHARED.has(key) ? { name: key } : null;
}

/** Optimizers by name. */
export function optimizerRule(keys: readonly string[]): Rule {
  return {
    keys,
    fields: [
      "optimizer.name",
      "optimizer.bits",
      "optimizer.paged",
      "optimizer.implementation",
      "optimizer.in_backward",
    ],
    values: "the tool's names, such as paged_adamw_8bit",
    read: (setting, draft) => stateOptimizer(setting, draft),
  };
}

/** States the optimizer that a setting names. */
export function stateOptimizer(
  setting: FileSetting,
  draft: Draft,
  name: string = plainText(setting.value),
): void {
  const named = findOptimizer(name);
  if (!named) {
    draft.leave(
      setting,
      "no optimizer of a Scenario keeps its states; AdamW's are counted",
      true,
    );
    return;
  }
  const { note, ...fields } = named;
  for (const [field, value] of Object.entries(fields)) {
    draft.state(setting, `optimizer.${field}`, value);
  }
  if (note) draft.remark("optimizer.name", named.name, note);
}
