import { accelerateFile } from "./accelerate/read.ts";
import { accelerateExport } from "./accelerate/write.ts";
import { axolotlFile } from "./axolotl/read.ts";
import { axolotlExport } from "./axolotl/write.ts";
import { deepspeedFile } from "./deepspeed/read.ts";
import { deepspeedCommand } from "./deepspeed/read_launcher.ts";
import { deepspeedExport } from "./deepspeed/write.ts";
import { lightningFile } from "./lightning/read.ts";
import { lightningExport } from "./lightning/write.ts";
import { easyR1File } from "./easy_r1/read.ts";
import { llamaFactoryFile } from "./llama_factory/read.ts";
import { llamaFactoryV1File } from "./llama_factory/read_v1.ts";
import { llamaCommand } from "./llama_cpp/read.ts";
import { llamaLog } from "./llama_cpp/read_log.ts";
import { llamaExport } from "./llama_cpp/write.ts";
import { megatronFile } from "./megatron/read.ts";
import { megatronBridgeFile } from "./megatron_bridge/read.ts";
import { memoryCalculatorFile } from "./memory_calculator/read.ts";
import { litgptFile } from "./litgpt/read.ts";
import { lmdeployCommand } from "./lmdeploy/read.ts";
import { nemoFile } from "./nemo/read.ts";
import { automodelFile } from "./nemo/read_automodel.ts";
import { nemoRlFile } from "./nemo_rl/read.ts";
import { ollamaModelfile } from "./ollama/read.ts";
import { ollamaExport } from "./ollama/write.ts";
import { peftFile } from "./peft/read.ts";
import { plainFile } from "./plain/read.ts";
import { jsonExport, yamlExport } from "./plain/write.ts";
import type { Format } from "./reading/format.ts";
import { slimeCommand } from "./slime/read.ts";
import { sglangCommand } from "./sglang/read.ts";
import { sglangLog } from "./sglang/read_log.ts";
import { sglangExport } from "./sglang/write.ts";
import { trtllmCommand } from "./tensorrt_llm/read.ts";
import { trtllmExport } from "./tensorrt_llm/write.ts";
import { openrlhfCommand } from "./openrlhf/read.ts";
import { verlFile } from "./verl/read.ts";
import { swiftFile } from "./swift/read.ts";
import { megatronSwiftFile } from "./swift/read_megatron.ts";
import { torchEnvironment } from "./torch/read_environment.ts";
import { torchrunCommand } from "./torch/read_launcher.ts";
import { tgiCommand } from "./tgi/read.ts";
import { tgiExport } from "./tgi/write.ts";
import { torchtitanFile } from "./torchtitan/read.ts";
import { torchtuneFile } from "./torchtune/read.ts";
import { trainingArgumentsFile } from "./training_arguments/read.ts";
import { trainingArgumentsExport } from "./training_arguments/write.ts";
import { unslothCalls } from "./unsloth/read.ts";
import { veomniFile } from "./veomni/read.ts";
import { vllmCommand } from "./vllm/read.ts";
import { vllmLog } from "./vllm/read_log.ts";
import { vllmExport } from "./vllm/write.ts";
import type { ExportFormat } from "./writing/exported.ts";

/** A program whose configurations are read or written. */
export interface Tool {
  /** The folder's name beside this file. */
  folder: string;
  reads: readonly Format[];
  writes: readonly ExportFormat[];
}

/**
 * Every tool, in the order in which they are asked whether a file is theirs:
 * those with keys of their own first.
 */
export const TOOLS: readonly Tool[] = [
  { folder: "slime", reads: [slimeCommand], writes: [] },
  { folder: "megatron", reads: [megatronFile], writes: [] },
  { folder: "torchtune", reads: [torchtuneFile], writes: [] },
  { folder: "torchtitan", reads: [torchtitanFile], writes: [] },
  { folder: "nemo", reads: [nemoFile, automodelFile], writes: [] },
  { folder: "nemo_rl", reads: [nemoRlFile], writes: [] },
  { folder: "veomni", reads: [veomniFile], writes: [] },
  { folder: "megatron_bridge", reads: [megatronBridgeFile], writes: [] },
  { folder: "litgpt", reads: [litgptFile], writes: [] },
  { folder: "lightning", reads: [lightningFile], writes: [lightningExport] },
  { folder: "memory_calculator", reads: [memoryCalculatorFile], writes: [] },
  { folder: "plain", reads: [plainFile], writes: [yamlExport, jsonExport] },
  { folder: "peft", reads: [peftFile], writes: [] },
  { folder: "accelerate", reads: [accelerateFile], writes: [accelerateExport] },
  {
    folder: "deepspeed",
    reads: [deepspeedFile, deepspeedCommand],
    writes: [deepspeedExport],
  },
  { folder: "axolotl", reads: [axolotlFile], writes: [axolotlExport] },
  { folder: "verl", reads: [verlFile], writes: [] },
  { folder: "easy_r1", reads: [easyR1File], writes: [] },
  { folder: "openrlhf", reads: [openrlhfCommand], writes: [] },
  { folder: "swift", reads: [megatronSwiftFile, swiftFile], writes: [] },
  {
    folder: "llama_factory",
    reads: [llamaFactoryV1File, llamaFactoryFile],
    writes: [],
  },
  {
    folder: "training_arguments",
    reads: [trainingArgumentsFile],
    writes: [trainingArgumentsExport],
  },
  { folder: "unsloth", reads: [unslothCalls], writes: [] },
  { folder: "torch", reads: [torchEnvironment, torchrunCommand], writes: [] },
  { folder: "vllm", reads: [vllmLog, vllmCommand], writes: [vllmExport] },
  {
    folder: "sglang",
    reads: [sglangLog, sglangCommand],
    writes: [sglangExport],
  },
  {
    folder: "llama_cpp",
    reads: [llamaLog, llamaCommand],
    writes: [llamaExport],
  },
  { folder: "ollama", reads: [ollamaModelfile], writes: [ollamaExport] },
  { folder: "lmdeploy", reads: [lmdeployCommand], writes: [] },
  { folder: "tgi", reads: [tgiCommand], writes: [tgiExport] },
  { folder: "tensorrt_llm", reads: [trtllmCommand], writes: [trtllmExport] },
];

/** Every configuration that is read, in the order of {@linkcode TOOLS}. */
export const FORMATS: readonly Format[] = TOOLS.flatMap(({ reads }) => reads);

/** What is offered first; the rest follows in the order of the tools. */
const OFFERED_FIRST = [
  "accelerate",
  "deepspeed",
  "axolotl",
  "lightning",
  "training-arguments",
  "vllm",
  "sglang",
  "llama.cpp",
  "ollama",
  "tgi",
  "tensorrt-llm",
];

/** Every configuration that a Scenario becomes, in the order of the pages. */
export const EXPORTS: readonly ExportFormat[] = TOOLS
  .flatMap(({ writes }) => writes)
  .toSorted((a, b) => placeOf(a) - placeOf(b));

function placeOf({ id }: ExportFormat): number {
  const place = OFFERED_FIRST.indexOf(id);
  return place < 0 ? OFFERED_FIRST.length : place;
}
