import type { WeightPacking } from "../weight_packing.ts";
import { packingLike } from "../weight_packing.ts";
import type { MethodReader } from "./method.ts";
import { inGroups, ofGroups, published, ruleFor, skipped } from "./method.ts";
import { restRule } from "./rules.ts";
import type { QuantizerSettings } from "./settings.ts";

/**
 * torchao's configurations by the names of their classes, and by the older names
 * of its functions.
 *
 * Source: pytorch/ao torchao/quantization/quant_api.py; huggingface/transformers
 * utils/quantization_config.py, TorchAoConfig
 */
export const torchao: MethodReader = (settings) => {
  const typed = settings.under("quant_type");
  const first = typed?.under("default") ?? typed;
  const name = settings.text("quant_type") ?? first?.text("_type") ?? "";
  const kwargs = settings.under("quant_type_kwargs") ?? first?.under("_data") ??
    settings;
  const packing = torchaoPacking(name, kwargs);
  if (packing === null) {
    settings.problems.push({
      path: `${settings.path}.quant_type`,
      message:
        `${settings.path}.quant_type must be a torchao configuration of 4-bit or 8-bit integers or fp8: current value is ${
          JSON.stringify(name.slice(0, 80))
        }`,
    });
  }
  return published({
    words: `torchao ${name}`,
    packsHead: settings.flag("include_input_output_embeddings"),
    rules: [
      ...skipped(settings, "modules_to_not_convert"),
      ...(packing ? [restRule(packing)] : []),
    ],
  });
};

function torchaoPacking(
  name: string,
  settings: QuantizerSettings,
): WeightPacking | null {
  const plain = name.toLowerCase().replaceAll("_", "");
  const activations = plain.includes("dynamicactivation")
    ? { bits: 8, dynamic: true }
    : null;
  if (plain.includes("float8weight")) {
    return packingLike({
      layout: "torchao",
      kind: "float",
      bits: 8,
      scales: "channel",
      activations,
    });
  }
  if (plain.includes("int4weight") || plain.includes("intxweight")) {
    return packingLike({
      layout: "torchao",
      bits: 4,
      ...inGroups(settings.group(plain.includes("activation") ? 32 : 128)),
      symmetric: plain.includes("activation"),
      activations,
    });
  }
  return plain.includes("int8weight")
    ? packingLike({
      layout: "torchao",
      bits: 8,
      scales: "channel",
      activations,
    })
    : null;
}

/**
 * AMD's Quark: one scheme for all linear layers, others for patterns of names.
 *
 * Source: amd/Quark quark/torch/quantization/config/config.py;
 * vllm-project/vllm model_executor/layers/quantization/quark/quark.py
 */
export const quark: MethodReader = (settings) => {
  const all = settings.under("global_quant_config");
  const own = settings.under("layer_quant_config")?.all() ?? [];
  const usual = all && quarkPacking(all);
  return published({
    words: `Quark, ${
      usual ? quarkWords(usual) : "kinds of layers by themselves"
    }`,
    packsHead: true,
    rules: [
      ...skipped(settings, "exclude"),
      ...own.flatMap(([name, at]) =>
        ruleFor(
          settings,
          { names: [name], key: "layer_quant_config" },
          quarkPacking(at),
        )
      ),
      ...(usual ? [restRule(usual)] : []),
    ],
  });
};

function quarkPacking(at: QuantizerSettings): WeightPacking | null {
  const weights = at.under("weight");
  if (!weights) return null;
  const inputs = at.under("input_tensors");
  const type = weights.text("dtype") ?? "";
  const bits = Number(/\d+/.exec(type)?.[0] ?? 8);
  const scheme = weights.text("qscheme");
  return packingLike({
    layout: "quark",
    kind: /^(fp|mx)/.test(type) ? "float" : "int",
    bits: bits >= 1 && bits <= 8 ? bits : 8,
    ...(scheme === "per_tensor"
      ? { scales: "tensor" }
      : scheme === "per_group"
      ? { scales: "group", group: weights.group(32) }
      : { scales: "channel" }),
    activations: inputs === null
      ? null
      : { bits: 8, dynamic: inputs.flag("is_dynamic") },
  });
}

function quarkWords({ kind, bits, scales, group }: WeightPacking): string {
  const type = kind === "float" ? `fp${bits}` : `${bits}-bit integers`;
  return scales === "tensor"
    ? `${type}, a scale a matrix`
    : `${type}${ofGroups(group ?? -1)}`;
}
