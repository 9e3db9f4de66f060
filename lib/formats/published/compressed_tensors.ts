import type { WeightPacking } from "../weight_packing.ts";
import { packingLike } from "../weight_packing.ts";
import type { MethodReader, PublishedPacking } from "./method.ts";
import { ofGroups, published, ruleFor } from "./method.ts";
import type { PackingRule } from "./rules.ts";
import { restRule } from "./rules.ts";
import type { QuantizerSettings } from "./settings.ts";

/** Formats that give every weight a byte, however few bits it has. */
const BYTE_FORMATS = new Set([
  "int-quantized",
  "float-quantized",
  "naive-quantized",
]);

/**
 * compressed-tensors: groups of modules, each with a scheme, and what none takes.
 *
 * Source: vllm-project/compressed-tensors quantization/quant_config.py,
 * quant_args.py and lifecycle/initialize.py; compressors
 */
export const compressedTensors: MethodReader = (settings) => {
  const groups = settings.under("config_groups")?.all() ?? [];
  const format = settings.text("format");
  const words: string[] = [];
  const rules = groups.flatMap(([, group]) => {
    const weights = group.under("weights");
    const packing = weights &&
      packingOf(weights, group, group.text("format") ?? format);
    if (packing) words.push(wordsOf(packing));
    return targetRules(group, packing);
  });
  return published({
    words: `compressed-tensors, ${
      [...new Set(words)].join("; ") || "nothing packed"
    }`,
    packsHead: true,
    rules: [
      ...ruleFor(
        settings,
        { names: settings.list("ignore"), key: "ignore", exact: true },
        null,
      ),
      ...rules,
    ],
    cacheScale: cacheScaleOf(settings),
    notes: (settings.under("sparsity_config")?.keys.length ?? 0) > 0
      ? ["what sparsity leaves out of the checkpoint is not taken off"]
      : [],
  });
};

/** What a group's targets take: a class of layers, names, or patterns. */
export function targetRules(
  group: QuantizerSettings,
  packing: WeightPacking | null,
): PackingRule[] {
  const targets = group.list("targets");
  const names = targets.filter((target) => !CLASSES.has(target));
  return [
    ...ruleFor(group, { names, key: "targets", exact: true }, packing),
    ...(names.length < targets.length ? [restRule(packing)] : []),
  ];
}

/** Classes of linear layers that targets name. */
const CLASSES = new Set(["Linear", "FusedMoE", "MoEGate"]);

function packingOf(
  weights: QuantizerSettings,
  group: QuantizerSettings,
  format: string | null,
): WeightPacking {
  const inputs = group.under("input_activations");
  const kind = weights.text("type") === "float" ? "float" : "int";
  const bits = weights.bits(8, "num_bits");
  const size = weights.group(null);
  const strategy = weights.text("strategy") ??
    (size === null ? "tensor" : size === -1 ? "channel" : "group");
  const block = weights.pair("block_structure");
  const order = weights.text("actorder");
  return packingLike({
    layout: "compressed-tensors",
    kind,
    bits: format !== null && BYTE_FORMATS.has(format) ? 8 : bits,
    ...(strategy === "block"
      ? { scales: "block", block: block ?? [128, 128] }
      : strategy === "tensor"
      ? { scales: "tensor" }
      : strategy === "channel" || size === null || size === -1
      ? { scales: "channel" }
      : { scales: "group", group: size }),
    symmetric: !weights.has("symmetric") || weights.flag("symmetric"),
    reordered: order === "group" || weights.flag("actorder"),
    activations: inputs === null ? null : {
      bits: inputs.bits(8, "num_bits"),
      dynamic: inputs.flag("dynamic"),
    },
  });
}

function wordsOf({ kind, bits, scales, group, block }: WeightPacking): string {
  const type = kind === "float" ? `fp${bits}` : `${bits}-bit integers`;
  if (scales === "block") return `${type}, blocks of ${block?.join(" × ")}`;
  if (scales === "tensor") return `${type}, a scale a matrix`;
  return `${type}${ofGroups(group ?? -1)}`;
}

/** Fixed scales of a quantised cache: one of all keys and one of all values. */
function cacheScaleOf(
  settings: QuantizerSettings,
): PublishedPacking["cacheScale"] {
  const scheme = settings.under("kv_cache_scheme");
  return scheme && !scheme.flag("dynamic") ? { bytes: 2, dtype: "BF16" } : null;
}
