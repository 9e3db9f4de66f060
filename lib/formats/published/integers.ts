import { packingLike } from "../weight_packing.ts";
import type { MethodReader } from "./method.ts";
import { inGroups, ofGroups, published, ruleFor, skipped } from "./method.ts";
import type { PackingRule } from "./rules.ts";
import { restRule } from "./rules.ts";
import type { QuantizerSettings } from "./settings.ts";

/**
 * GPTQ, as AutoGPTQ and GPTQModel write it.
 *
 * Source: ModelCloud/GPTQModel gptqmodel/quantization/config.py, QuantizeConfig;
 * utils/model.py, get_module_by_name of `dynamic`
 */
export const gptq: MethodReader = (settings) => {
  const bits = settings.bits(4);
  const group = settings.group(128);
  const packing = packingLike({
    layout: "gptq",
    bits,
    ...inGroups(group),
    symmetric: settings.flag("sym"),
    reordered: settings.flag("desc_act"),
  });
  const inside = settings.names("modules_in_block_to_quantize");
  return published({
    words: `GPTQ, ${bits} bits${ofGroups(group)}`,
    reach: "layers",
    rules: [
      ...dynamicRules(settings, packing),
      ...skipped(settings, "modules_to_not_convert"),
      ...(settings.flag("lm_head")
        ? ruleFor(settings, { names: ["lm_head"], key: "lm_head" }, packing)
        : []),
      ...(inside.length > 0
        ? ruleFor(
          settings,
          { names: inside, key: "modules_in_block_to_quantize" },
          packing,
        )
        : [restRule(packing)]),
    ],
  });
};

/** GPTQModel's settings by module: "-:" leaves it out, others change its bits. */
function dynamicRules(
  settings: QuantizerSettings,
  usual: PackingRule["packing"] & object,
): PackingRule[] {
  const dynamic = settings.under("dynamic");
  if (!dynamic) return [];
  return dynamic.keys.flatMap((key) => {
    const changed = dynamic.under(key);
    const bits = changed?.bits(usual.bits) ?? usual.bits;
    const group = changed?.group(usual.group ?? -1) ?? usual.group ?? -1;
    return ruleFor(
      dynamic,
      {
        names: [key.replace(/^[-+]:/, "")],
        key: key.slice(0, 80),
        isPattern: true,
      },
      key.startsWith("-:") ? null : { ...usual, bits, ...inGroups(group) },
    );
  });
}

/**
 * AWQ, as AutoAWQ writes it.
 *
 * Source: casper-hansen/AutoAWQ awq/models/_config.py, AwqConfig
 */
export const awq: MethodReader = (settings) => {
  const bits = settings.bits(
    4,
    settings.has("w_bit") ? "w_bit" : "bits",
  );
  const group = settings.group(
    128,
    settings.has("q_group_size") ? "q_group_size" : "group_size",
  );
  const packing = packingLike({
    layout: "awq",
    bits,
    ...inGroups(group),
    symmetric: settings.has("zero_point") && !settings.flag("zero_point"),
  });
  return published({
    words: `AWQ, ${bits} bits${ofGroups(group)}`,
    reach: "layers",
    narrows: true,
    rules: [
      ...skipped(settings, "modules_to_not_convert"),
      restRule(packing),
    ],
  });
};

/**
 * AutoRound: GPTQ's arrays without an order of inputs, or AWQ's, with bits of their
 * own for some modules.
 *
 * Source: intel/auto-round auto_round_extension/triton/qlinear_tritonv2.py;
 * auto_round/export/export_to_autoround/export.py
 */
export const autoRound: MethodReader = (settings) => {
  const bits = settings.bits(4);
  const group = settings.group(128);
  const format = settings.text("packing_format") ?? "";
  const packing = packingLike({
    layout: format.includes("awq") ? "awq" : "gptq",
    ordered: false,
    bits,
    ...inGroups(group),
    symmetric: settings.flag("sym"),
  });
  const extra = settings.under("extra_config");
  const own = (extra?.all() ?? []).flatMap(([name, changed]) => {
    const width = changed.number("bits", [1, 16], bits);
    return ruleFor(
      settings,
      { names: [name], key: "extra_config" },
      width >= 16 ? null : {
        ...packing,
        bits: width,
        ...inGroups(changed.group(group)),
      },
    );
  });
  return published({
    words: `AutoRound, ${bits} bits${ofGroups(group)}`,
    reach: "layers",
    rules: [
      ...own,
      ...skipped(settings, "modules_to_not_convert"),
      restRule(packing),
    ],
  });
};

/**
 * bitsandbytes: two 4-bit codes a byte, or 8-bit integers.
 *
 * Source: huggingface/transformers utils/quantization_config.py,
 * BitsAndBytesConfig; integrations/bitsandbytes.py, replace_with_bnb_linear
 */
export const bitsandbytes: MethodReader = (settings) => {
  const four = settings.flag("load_in_4bit") || settings.flag("_load_in_4bit");
  const nested = settings.flag("bnb_4bit_use_double_quant");
  const packing = four
    ? packingLike({ layout: "bitsandbytes", kind: "float", group: 64, nested })
    : packingLike({
      layout: "bitsandbytes",
      bits: 8,
      scales: "channel",
      activations: { bits: 8, dynamic: true },
    });
  const type = (settings.text("bnb_4bit_quant_type") ?? "fp4").toUpperCase();
  return published({
    words: four
      ? `bitsandbytes ${type}${nested ? ", scales quantised too" : ""}`
      : "bitsandbytes LLM.int8()",
    packsHead: settings.list("llm_int8_skip_modules").length > 0,
    rules: [
      ...skipped(settings, "llm_int8_skip_modules"),
      restRule(packing),
    ],
  });
};

/**
 * HQQ, one setting for all linear layers or one for each kind.
 *
 * Source: huggingface/transformers utils/quantization_config.py, HqqConfig
 */
export const hqq: MethodReader = (settings) => {
  const all = settings.under("quant_config");
  const packingAt = (at: QuantizerSettings | null) => {
    const weights = at?.under("weight_quant_params") ?? at;
    return packingLike({
      layout: "hqq",
      bits: weights?.bits(4, "nbits") ?? 4,
      ...inGroups(weights?.group(64) ?? 64),
      symmetric: false,
    });
  };
  const whole = all === null || all.has("weight_quant_params") ||
    all.has("nbits");
  const each = whole ? [] : all.all();
  const usual = packingAt(whole ? all : null);
  return published({
    words: whole
      ? `HQQ, ${usual.bits} bits${ofGroups(usual.group ?? -1)}`
      : "HQQ, kinds of layers by themselves",
    rules: [
      ...skipped(settings, "skip_modules"),
      ...each.flatMap(([name, at]) =>
        ruleFor(settings, { names: [name], key: "quant_config" }, packingAt(at))
      ),
      ...(whole ? [restRule(usual)] : []),
    ],
  });
};
