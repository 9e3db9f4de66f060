import type { Config } from "../config.ts";
import {
  AUTO_ROUND,
  AWQ,
  compressedNvfp4,
  exl,
  FP8_BLOCKS,
  FP8_COMPRESSED_BLOCKS,
  FP8_DYNAMIC,
  FP8_STATIC,
  gguf,
  gptq,
  INT8_DYNAMIC,
  mlx,
  modelopt,
  NF4,
  packedIntegers,
  QUARK_MXFP4,
} from "./layouts.ts";

/** What the end of a checkpoint's name says of its layout. */
export interface Ending {
  /** The rest of a name stands before it. */
  readonly pattern: RegExp;
  /** Who names theirs so; anybody where it is left out. */
  readonly owners?: ReadonlySet<string>;
  /** @param numbers What the pattern's groups hold. */
  layout(numbers: readonly string[]): Config;
}

/** Those whose fp8 is in blocks, as they train in it. */
const IN_BLOCKS = new Set(["qwen", "deepseek-ai", "minimaxai", "xiaomimimo"]);
const MODELOPT = new Set(["nvidia"]);
/** Those whose plain fp8 has fixed scales of whole matrices. */
const STATIC = new Set(["redhatai", "neuralmagic", "nm-testing"]);
const OF_MLX = new Set(["mlx-community", "lmstudio-community"]);
/** Those whose AWQ is written by llm-compressor, and served as compressed-tensors. */
const PACKERS = new Set(["cpatonn", "cyankiwi"]);
const COMPRESSORS = new Set([...STATIC, "inferencerlabs"]);

/** The type of the file that llama.cpp and its kin take of a repository of many. */
export const USUAL_GGUF = "Q4_K_M";

/** Every ending that is known, longer ones before what they end with. */
export const ENDINGS: readonly Ending[] = [
  { pattern: /-fp8[-_]dynamic$/, layout: () => FP8_DYNAMIC },
  { pattern: /-fp8[-_]block$/, layout: () => FP8_COMPRESSED_BLOCKS },
  { pattern: /-fp8[-_]kv$/, layout: () => FP8_STATIC },
  { pattern: /-fp8$/, owners: IN_BLOCKS, layout: () => FP8_BLOCKS },
  { pattern: /-fp8$/, owners: MODELOPT, layout: () => modelopt("FP8") },
  { pattern: /-fp8$/, owners: STATIC, layout: () => FP8_STATIC },
  { pattern: /-fp8$/, layout: () => FP8_DYNAMIC },
  {
    pattern: /-nvfp4$/,
    owners: COMPRESSORS,
    layout: () => compressedNvfp4(true),
  },
  { pattern: /-nvfp4a16$/, layout: () => compressedNvfp4(false) },
  { pattern: /-(?:nv)?fp4(?:-v\d)?$/, layout: () => modelopt("NVFP4") },
  {
    // Released in it: what else is packed is little, and stays as it is here.
    pattern: /(?<=gpt-oss(?:-safeguard)?-\d{2,3}b)-mxfp4-q[48]$/,
    owners: OF_MLX,
    layout: () => gguf(USUAL_GGUF),
  },
  { pattern: /-mxfp4(?:-preview)?$/, layout: () => QUARK_MXFP4 },
  {
    pattern: /(?:-quantized)?[.-]w4a16(?:-g128)?$/,
    layout: () => packedIntegers(4),
  },
  {
    pattern: /(?:-quantized)?[.-]w8a16$/,
    layout: () => packedIntegers(8, null),
  },
  { pattern: /(?:-quantized)?[.-]w8a8$/, layout: () => INT8_DYNAMIC },
  { pattern: /-(?:gptq-int8|gptq-8bit)$/, layout: () => gptq(8) },
  { pattern: /-gptq(?:-int4|-4bit)?$/, layout: () => gptq(4) },
  {
    pattern: /-awq-([48])bit$/,
    owners: PACKERS,
    layout: ([bits]) => packedIntegers(Number(bits)),
  },
  { pattern: /-awq(?:-int4|-4bit)?$/, layout: () => AWQ },
  { pattern: /-(?:int4-)?autoround$/, layout: () => AUTO_ROUND },
  {
    pattern: /(?:-unsloth)?-bnb-(?:4bit|nf4)$/,
    layout: () => NF4,
  },
  {
    pattern: /-([1-8](?:\.\d{1,2})?)bpw(?:-h[68])?-exl2$/,
    layout: exlOf("exl2"),
  },
  {
    pattern: /-([1-8](?:\.\d{1,2})?)bpw(?:-h[68])?-exl3$/,
    layout: exlOf("exl3"),
  },
  { pattern: /-exl2-([1-8](?:\.\d{1,2})?)bpw$/, layout: exlOf("exl2") },
  { pattern: /-exl3-([1-8](?:\.\d{1,2})?)bpw$/, layout: exlOf("exl3") },
  {
    pattern: /(?:-qat)?-(?:mlx-)?([3-8])bit(?:-(?:dwq|mlx)(?:-[\w.-]+)?)?$/,
    owners: OF_MLX,
    layout: ([bits]) => mlx(Number(bits)),
  },
  { pattern: /-exl2$/, layout: exlOf("exl2") },
  { pattern: /-exl3$/, layout: exlOf("exl3") },
  // A file, or a tag of ollama's library or behind a repository.
  {
    pattern:
      /(?:-qat)?(?:-gguf)?[-.:](?:ud-)?(i?q\d(?:_[a-z\d]{1,3}){0,2})(?:-gguf)?$/,
    layout: ([type = USUAL_GGUF]) => gguf(fileTypeOf(type)),
  },
  { pattern: /(?:[-.]i1)?-gguf$/, layout: () => gguf(USUAL_GGUF) },
  // As ollama's library has Gemma 3 that was trained for it.
  { pattern: /(?<=:.*)-qat$/, layout: () => gguf("Q4_0") },
];

/** Bits a weight of EXL2 and EXL3 where a name tells none. */
const USUAL_EXL_BITS = 4;

function exlOf(method: "exl2" | "exl3"): Ending["layout"] {
  return ([bits]) => exl(method, Number(bits ?? USUAL_EXL_BITS));
}

/** Unsloth's larger mixes begin with llama.cpp's own of the name. */
function fileTypeOf(type: string): string {
  const name = type.toUpperCase();
  if (!name.endsWith("_K_XL")) return name;
  const bits = name.slice(0, 2);
  return bits === "Q8"
    ? "Q8_0"
    : /Q[26]/.test(bits)
    ? `${bits}_K`
    : `${bits}_K_M`;
}
