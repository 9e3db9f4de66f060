import { MIB } from "../../units/mod.ts";
import type { ServingGpu } from "../engine.ts";

/**
 * The memory that nvidia-smi shows of boards, in MiB: more than programs can have.
 *
 * Sources: sgl-project/sglang 0.5.23's own defaults by GPU were computed for the
 * first seven; of the others lib/hardware/gpus.json tells where they are printed
 */
const SHOWN_MIB: Readonly<Record<string, number>> = {
  "T4": 15360,
  "L4": 23034,
  "RTX 4090": 24564,
  "A100-40GB": 40960,
  "A100-80GB": 81920,
  "H100-80GB": 81559,
  "H200": 143771,
  "H100-80GB-PCIe": 81559,
  "H800-80GB": 81559,
  "H20-141GB": 143771,
  "GH200-144GB": 146831,
  "GB300": 284208,
  "B300": 275040,
  "GB200": 189471,
  "RTX PRO 5000-72GB": 73415,
  "RTX PRO 5000-48GB": 48935,
  "RTX 5000 Ada": 32760,
  "RTX PRO 4500": 32623,
  "RTX 4500 Ada": 24570,
  "RTX A4500": 20470,
  "RTX 4080": 16376,
  "RTX 4070 Ti SUPER": 16376,
  "RTX 4070 SUPER": 12282,
  "RTX 5070": 12227,
  "A16": 15356,
  "A2": 15356,
  "RTX 4060": 8188,
  "RTX 5060": 8151,
  "RTX 5060 Ti-8GB": 8151,
};

/**
 * The memory by which SGLang chooses its defaults, in MiB: what nvidia-smi shows of
 * the board, or what programs see of it where that is not known.
 *
 * Source: sgl-project/sglang srt/utils/common.py, get_nvgpu_memory_capacity
 */
export function boardMib({ gpu, usable }: ServingGpu): number {
  const shown = gpu ? SHOWN_MIB[gpu.name] : undefined;
  return shown ?? Math.round(usable / MIB);
}
