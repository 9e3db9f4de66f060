import type { WeightPacking } from "../weight_packing.ts";
import { packingLike } from "../weight_packing.ts";
import type { MethodReader } from "./method.ts";
import { inGroups, published, ruleFor, skipped } from "./method.ts";
import type { PackingRule } from "./rules.ts";
import { restRule } from "./rules.ts";
import type { QuantizerSettings } from "./settings.ts";

/** An algorithm of ModelOpt, in words and as it packs. */
interface Algorithm {
  readonly words: string;
  packing(group: number | null): WeightPacking;
}

const FIXED = { bits: 8, dynamic: false } as const;
const FP8 = { layout: "modelopt", kind: "float", bits: 8 } as const;
const FP4 = { layout: "modelopt", kind: "float", bits: 4 } as const;
const INT4 = { layout: "modelopt", kind: "int", bits: 4 } as const;

/**
 * ModelOpt's algorithms by their names.
 *
 * Source: NVIDIA/Model-Optimizer modelopt/torch/export/quant_utils.py,
 * process_layer_quant_config and postprocess_state_dict
 */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  FP8: {
    words: "fp8, a scale a matrix",
    packing: () =>
      packingLike({ ...FP8, scales: "tensor", activations: FIXED }),
  },
  FP8_PER_CHANNEL_PER_TOKEN: {
    words: "fp8, a scale an output",
    packing: () =>
      packingLike({
        ...FP8,
        scales: "channel",
        activations: { bits: 8, dynamic: true },
      }),
  },
  FP8_PB_WO: {
    words: "fp8, blocks of 128 × 128",
    packing: () => packingLike({ ...FP8, scales: "block", block: [128, 128] }),
  },
  MXFP8: {
    words: "MXFP8, groups of 32",
    packing: () => packingLike({ ...FP8, group: 32 }),
  },
  NVFP4: {
    words: "NVFP4, groups of 16",
    packing: (group) =>
      packingLike({
        ...FP4,
        group: group ?? 16,
        activations: { bits: 4, dynamic: false },
      }),
  },
  W4A16_NVFP4: {
    words: "NVFP4 of weights alone, groups of 16",
    packing: (group) => packingLike({ ...FP4, group: group ?? 16 }),
  },
  W4A16_AWQ: {
    words: "4-bit integers scaled by AWQ",
    packing: (group) => packingLike({ ...INT4, ...inGroups(group ?? 128) }),
  },
  W4A8_AWQ: {
    words: "4-bit integers scaled by AWQ, fp8 activations",
    packing: (group) =>
      packingLike({
        ...INT4,
        ...inGroups(group ?? 128),
        activations: FIXED,
      }),
  },
  INT8_SQ: {
    words: "8-bit integers scaled by SmoothQuant",
    packing: () =>
      packingLike({
        ...INT4,
        bits: 8,
        scales: "channel",
        activations: FIXED,
      }),
  },
};

/** Other names of the same. */
const ALIASES: Readonly<Record<string, string>> = {
  NVFP4_AWQ: "NVFP4",
};

/**
 * NVIDIA's ModelOpt: in config.json, or in hf_quant_config.json beside it.
 *
 * Source: NVIDIA/Model-Optimizer modelopt/torch/export/unified_export_hf.py and
 * convert_hf_config.py
 */
export const modelopt: MethodReader = (outer) => {
  const settings = outer.under("quantization") ?? outer;
  const name = settings.text("quant_algo") ?? "FP8";
  const group = settings.group(null);
  const layers = settings.under("quantized_layers")?.all() ?? [];
  const byLayer = mixed(settings, layers);
  const usual = name === "MIXED_PRECISION"
    ? null
    : algorithmOf(settings, "quant_algo", name);
  const lists = ["exclude_modules", "ignore"].filter((key) =>
    settings.has(key)
  );
  if (usual === null && byLayer.rules.length === 0) {
    settings.problems.push({
      path: `${settings.path}.quantized_layers`,
      message:
        `${settings.path}.quantized_layers must name the layers of quant_algo MIXED_PRECISION: it names none`,
    });
  }
  // DeepSeek-V4's NVFP4 stands beside the fp8 blocks of its release.
  const block = settings.pair("weight_block_size");
  if (block) {
    return published({
      words: `ModelOpt, ${byLayer.words.join("; ")}; fp8, blocks of ${
        block.join(" × ")
      }`,
      rules: [...byLayer.rules, restRule(fp8Blocks(block))],
    });
  }
  return published({
    words: `ModelOpt, ${usual?.words ?? byLayer.words.join("; ")}`,
    // Without a list, ModelOpt's own leaves the head out.
    packsHead: lists.length > 0,
    rules: [
      ...skipped(settings, ...lists),
      ...byLayer.rules,
      ...(usual ? [restRule(usual.packing(group))] : []),
    ],
    cacheScale: settings.text("kv_cache_quant_algo") === "FP8" ||
        settings.has("kv_cache_scheme")
      ? { bytes: 4, dtype: "F32" }
      : null,
  });
};

function fp8Blocks(block: readonly [number, number]): WeightPacking {
  return packingLike({
    layout: "fp8",
    kind: "float",
    bits: 8,
    scales: "block",
    block,
    activations: { bits: 8, dynamic: true },
    exponents: true,
  });
}

function algorithmOf(
  settings: QuantizerSettings,
  key: string,
  name: string,
): Algorithm | null {
  const known = ALIASES[name] ?? name;
  const algorithm = Object.hasOwn(ALGORITHMS, known) ? ALGORITHMS[known] : null;
  if (algorithm) return algorithm;
  const path = `${settings.path}.${key}`;
  settings.problems.push({
    path,
    message: `${path} must be one of ${
      Object.keys(ALGORITHMS).join(", ")
    } or MIXED_PRECISION: current value is ${
      JSON.stringify(name.slice(0, 80))
    }`,
  });
  return null;
}

/** The modules of each algorithm, where every module has its own. */
function mixed(
  settings: QuantizerSettings,
  layers: readonly [string, QuantizerSettings][],
): { rules: PackingRule[]; words: string[] } {
  const alike = Map.groupBy(
    layers,
    ([, own]) => `${own.text("quant_algo")} ${own.group(null) ?? ""}`,
  );
  const words: string[] = [];
  const rules = [...alike.values()].flatMap((entries) => {
    const own = entries[0]?.[1];
    if (!own) return [];
    const algorithm = algorithmOf(
      own,
      "quant_algo",
      own.text("quant_algo") ?? "",
    );
    if (!algorithm) return [];
    words.push(algorithm.words);
    return ruleFor(
      settings,
      { names: entries.map(([name]) => name), key: "quantized_layers" },
      algorithm.packing(own.group(null)),
    );
  });
  return { rules, words: [...new Set(words)] };
}
