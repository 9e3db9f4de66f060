import type { Config } from "../../models/config.ts";
import type { Tensor } from "../../models/tensors/tensor.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import { formatOf } from "../format_of.ts";
import type { WeightScheme } from "../scheme.ts";
import { compressedTensors } from "./compressed_tensors.ts";
import { exl, fbgemm, fp8, mxfp4 } from "./floats.ts";
import { quark, torchao } from "./frameworks.ts";
import { autoRound, awq, bitsandbytes, gptq, hqq } from "./integers.ts";
import type { MethodReader, PublishedPacking } from "./method.ts";
import { mlx } from "./mlx.ts";
import { modelopt } from "./modelopt.ts";
import { packedByRules } from "./rules.ts";
import { isRecord, QuantizerSettings } from "./settings.ts";

/** Methods by what configs call them. */
const METHODS: Readonly<Record<string, MethodReader>> = {
  "auto-round": autoRound,
  awq,
  bitsandbytes,
  "compressed-tensors": compressedTensors,
  exl2: exl("exl2"),
  exl3: exl("exl3"),
  fbgemm_fp8: fbgemm,
  fp8,
  gptq,
  hqq,
  mlx,
  modelopt,
  mxfp4,
  quark,
  torchao,
};

/** Other names of the same, as engines and older releases have them. */
const METHOD_ALIASES: Readonly<Record<string, string>> = {
  auto_round: "auto-round",
  "auto-gptq": "gptq",
  awq_marlin: "awq",
  bitsandbytes_4bit: "bitsandbytes",
  bitsandbytes_8bit: "bitsandbytes",
  compressed_tensors: "compressed-tensors",
  gptq_marlin: "gptq",
  gptqmodel: "gptq",
  inc: "auto-round",
  "intel/auto-round": "auto-round",
  modelopt_fp4: "modelopt",
  modelopt_mixed: "modelopt",
  modelopt_mxfp8: "modelopt",
};

/** Where configs say how their checkpoint is packed. */
const KEYS = ["quantization_config", "compression_config", "hf_quant_config"];

/**
 * How a config says that its checkpoint is packed.
 *
 * @param plain The type of what is not packed.
 * @returns The scheme; null where the config says nothing of it; or what is wrong
 *   with what it says.
 */
export function publishedScheme(
  config: Config | undefined,
  plain: WeightScheme["plain"],
): Result<WeightScheme | null> {
  const found = settingsOf(config);
  if (found === null) return { ok: true, value: null };
  const { settings, method } = found;
  const reader = readerOf(method);
  if (!reader) {
    const path = `${settings.path}.quant_method`;
    return {
      ok: false,
      problems: [{
        path,
        message: `${path} must be one of ${
          Object.keys(METHODS).join(", ")
        }: current value is ${shown(method)}`,
      }],
    };
  }
  const packing = reader(settings, config ?? {});
  if (settings.problems.length > 0) {
    return { ok: false, problems: settings.problems.slice(0, 10) };
  }
  return { ok: true, value: schemeOf(packing, plain) };
}

function readerOf(method: string): MethodReader | null {
  const name = METHOD_ALIASES[method] ?? method;
  return Object.hasOwn(METHODS, name) ? METHODS[name] ?? null : null;
}

function settingsOf(
  config: Config | undefined,
): { settings: QuantizerSettings; method: string } | null {
  const text = config?.["text_config"];
  const places: [string, Config | undefined][] = [
    ["model.config", config],
    ["model.config.text_config", isRecord(text) ? text : undefined],
  ];
  for (const [path, part] of places) {
    for (const key of KEYS) {
      const values = part?.[key];
      if (!isRecord(values)) continue;
      const settings = new QuantizerSettings(values, `${path}.${key}`);
      const method = methodOf(settings);
      if (method !== null) return { settings, method };
    }
  }
  return null;
}

/** The method's name, or what its settings tell; null where nothing is packed. */
function methodOf(settings: QuantizerSettings): string | null {
  const named = settings.text("quant_method");
  // DeepSeek-V4's NVFP4 goes by fp8's name, and says what it is beside it.
  if (settings.has("quant_algo") || settings.under("quantization")) {
    return "modelopt";
  }
  if (named !== null) return named.toLowerCase();
  if (settings.has("config_groups")) return "compressed-tensors";
  if (settings.flag("load_in_4bit") || settings.flag("load_in_8bit")) {
    return "bitsandbytes";
  }
  if (settings.has("global_quant_config")) return "quark";
  // MLX writes bits and groups, and beside them modules of their own.
  if (settings.has("bits") && settings.has("group_size")) return "mlx";
  return settings.keys.length === 0 ? null : "";
}

function schemeOf(
  packing: PublishedPacking,
  plain: WeightScheme["plain"],
): WeightScheme {
  const { words, rules, narrows, cacheScale, notes, packsTables } = packing;
  const named = rules.filter(({ names }) => names);
  return {
    words,
    formats: rules.flatMap(({ packing }) => packing ? [formatOf(packing)] : []),
    plain,
    narrows,
    cacheScale,
    packsTables,
    packed: (tensor) =>
      packedByRules(tensor, reaches(tensor, packing) ? rules : named),
    basis: "derived",
    notes,
  };
}

/** Whether rules that name no module take a tensor. */
function reaches(
  tensor: Tensor,
  { reach, packsHead }: PublishedPacking,
): boolean {
  const { role, expert, quantized, piece, layers } = tensor;
  if (role === "router") return false;
  if (role === "head") return packsHead;
  if (!quantized && !(expert && tensor.shape.length === 3)) return false;
  return reach === "linears" ||
    (piece === "language_model" && layers !== null);
}
