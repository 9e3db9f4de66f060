import { assert, assertEquals } from "@std/assert";
import { estimate, findModel } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";

/** Models that measured runs name. */
const MEASURED = [
  "01-ai/Yi-34B",
  "01-ai/Yi-34B-Chat",
  "01-ai/Yi-6B-Chat",
  "EleutherAI/gpt-j-6b",
  "NousResearch/Llama-2-70b-hf",
  "Qwen/QwQ-32B",
  "Qwen/Qwen1.5-7B-Chat",
  "Qwen/Qwen2-0.5B-Instruct",
  "Qwen/Qwen2-1.5B-Instruct",
  "Qwen/Qwen2-57B-A14B-Instruct",
  "Qwen/Qwen2-72B-Instruct",
  "Qwen/Qwen2-7B-Instruct",
  "Qwen/Qwen2-VL-2B-Instruct",
  "Qwen/Qwen2-VL-72B-Instruct",
  "Qwen/Qwen2-VL-7B-Instruct",
  "Qwen/Qwen2.5-0.5B-Instruct",
  "Qwen/Qwen2.5-1.5B-Instruct",
  "Qwen/Qwen2.5-14B-Instruct",
  "Qwen/Qwen2.5-32B-Instruct",
  "Qwen/Qwen2.5-3B-Instruct",
  "Qwen/Qwen2.5-72B-Instruct",
  "Qwen/Qwen2.5-7B-Instruct",
  "Qwen/Qwen3-0.6B",
  "Qwen/Qwen3-1.7B",
  "Qwen/Qwen3-14B",
  "Qwen/Qwen3-235B-A22B",
  "Qwen/Qwen3-30B-A3B",
  "Qwen/Qwen3-32B",
  "Qwen/Qwen3-4B",
  "Qwen/Qwen3-8B",
  "THUDM/GLM-Z1-32B-0414",
  "THUDM/GLM-Z1-Rumination-32B-0414",
  "TinyLlama/TinyLlama-1.1B-Chat-v1.0",
  "bigcode/gpt_bigcode-santacoder",
  "codellama/CodeLlama-34b-hf",
  "deepseek-ai/DeepSeek-R1",
  "deepseek-ai/DeepSeek-V3",
  "deepseek-ai/DeepSeek-V3-0324",
  "deepseek-ai/deepseek-coder-33b-base",
  "facebook/opt-13b",
  "google-t5/t5-11b",
  "ibm/PowerLM-3b",
  "lmsys/vicuna-7b-v1.5",
  "meta-llama/Llama-2-13b-hf",
  "meta-llama/Llama-2-70b-chat-hf",
  "meta-llama/Llama-2-70b-hf",
  "meta-llama/Llama-2-7b-chat-hf",
  "meta-llama/Llama-2-7b-hf",
  "meta-llama/Llama-3.1-405B",
  "meta-llama/Llama-3.1-405B-Instruct",
  "meta-llama/Llama-3.1-70B",
  "meta-llama/Llama-3.1-70B-Instruct",
  "meta-llama/Llama-3.1-8B",
  "meta-llama/Llama-3.1-8B-Instruct",
  "meta-llama/Llama-3.2-1B",
  "meta-llama/Llama-3.2-3B",
  "meta-llama/Llama-3.2-3B-Instruct",
  "meta-llama/Llama-3.3-70B-Instruct",
  "meta-llama/Meta-Llama-3-8B",
  "meta-llama/Meta-Llama-3-8B-Instruct",
  "microsoft/Phi-4-mini-instruct",
  "microsoft/phi-1_5",
  "microsoft/phi-4",
  "mistralai/Mistral-7B-v0.1",
  "mistralai/Mistral-7B-v0.2",
  "mistralai/Mistral-Small-3.2-24B-Instruct-2506",
  "mistralai/Mixtral-8x7B-Instruct-v0.1",
  "mosaicml/mpt-7b",
  "openai/gpt-oss-120b",
  "openai/gpt-oss-20b",
  "stabilityai/stablelm-base-alpha-3b",
  "tiiuae/falcon-7b",
];

/** Exact parameters, counted tensor by tensor. */
const COUNTED: [id: string, parameters: number][] = [
  ["meta-llama/Llama-2-13b-hf", 13_015_864_320],
  ["meta-llama/Llama-2-70b-hf", 68_976_648_192],
  ["meta-llama/Llama-3.1-8B", 8_030_261_248],
  ["meta-llama/Llama-3.1-70B", 70_553_706_496],
  ["meta-llama/Llama-3.1-405B", 405_853_388_800],
  ["meta-llama/Llama-3.2-3B", 3_212_749_824],
  ["mistralai/Mistral-7B-v0.1", 7_241_732_096],
  ["mistralai/Mixtral-8x7B-v0.1", 46_702_792_704],
  ["Qwen/Qwen2-0.5B", 494_032_768],
  ["Qwen/Qwen2.5-1.5B", 1_543_714_304],
  ["Qwen/Qwen2.5-3B", 3_085_938_688],
  ["Qwen/Qwen2.5-7B", 7_615_616_512],
  ["Qwen/Qwen2.5-32B", 32_763_876_352],
  ["Qwen/Qwen2-57B-A14B", 57_408_658_944],
  ["Qwen/Qwen3-4B", 4_022_468_096],
  ["Qwen/Qwen3-8B", 8_190_735_360],
  ["Qwen/Qwen3-14B", 14_768_307_200],
  ["Qwen/Qwen3-32B", 32_762_123_264],
  ["Qwen/Qwen3-30B-A3B", 30_532_122_624],
  ["google/gemma-7b", 8_537_680_896],
  ["google/gemma-2-2b", 2_614_341_888],
  ["google/gemma-2-9b", 9_241_705_984],
  ["google/gemma-3-1b-pt", 999_885_952],
  ["microsoft/phi-2", 2_779_683_840],
  ["microsoft/Phi-3-mini-4k-instruct", 3_821_079_552],
  ["microsoft/Phi-3-medium-4k-instruct", 13_960_238_080],
  // The published count; the development build that counted the others had
  // lost 262,144 biases of its norms.
  ["microsoft/Phi-3.5-MoE-instruct", 41_873_153_344],
  ["openai-community/gpt2", 124_439_808],
  ["EleutherAI/pythia-6.9b", 6_857_302_016],
  ["EleutherAI/gpt-j-6b", 6_050_882_784],
  ["facebook/opt-125m", 125_239_296],
  ["facebook/opt-6.7b", 6_658_473_984],
  ["facebook/opt-13b", 12_853_473_280],
  ["bigscience/bloom-560m", 559_214_592],
  ["bigscience/bloom-7b1", 7_069_016_064],
  ["tiiuae/falcon-7b", 6_921_720_704],
  ["tiiuae/falcon-40b", 41_303_293_952],
  ["mosaicml/mpt-7b", 6_649_286_656],
  ["bigcode/starcoder2-3b", 3_030_371_328],
  ["bigcode/starcoder", 15_517_456_384],
  ["deepseek-ai/DeepSeek-V2-Lite", 15_706_484_224],
  ["deepseek-ai/DeepSeek-V3", 671_026_404_352],
  ["zai-org/glm-4-9b-hf", 9_399_951_360],
  ["zai-org/GLM-4-9B-0414", 9_400_279_040],
  ["allenai/OLMo-2-1124-7B", 7_298_617_344],
  ["allenai/OLMoE-1B-7B-0924", 6_919_161_856],
  ["CohereForAI/c4ai-command-r-v01", 34_980_831_232],
  ["CohereForAI/c4ai-command-r-plus", 103_810_674_688],
  ["CohereForAI/c4ai-command-r7b-12-2024", 8_028_033_024],
  ["ibm-granite/granite-3.1-8b-base", 8_170_848_256],
  ["openai/gpt-oss-20b", 20_914_757_184],
  ["google-t5/t5-small", 60_506_624],
  ["google/flan-t5-xl", 2_783_959_040],
  ["google-bert/bert-base-uncased", 109_482_240],
  ["state-spaces/mamba-2.8b-hf", 2_768_345_600],
  ["mistralai/Mamba-Codestral-7B-v0.1", 7_285_403_648],
  ["ai21labs/Jamba-v0.1", 51_570_323_328],
  ["openai/whisper-large-v3", 1_543_490_560],
  ["llava-hf/llava-1.5-7b-hf", 7_063_427_072],
  ["Qwen/Qwen2-VL-2B", 2_208_985_600],
  ["Qwen/Qwen2.5-VL-3B-Instruct", 3_754_622_976],
  ["Qwen/Qwen2.5-VL-7B-Instruct", 8_292_166_656],
  ["Qwen/Qwen3-VL-8B-Instruct", 8_767_123_696],
  ["meta-llama/Llama-3.2-11B-Vision", 10_670_220_835],
  ["google/paligemma-3b-pt-224", 2_923_466_480],
  ["google/gemma-3-4b-pt", 4_300_079_472],
  ["google/gemma-3-12b-pt", 12_187_325_040],
  ["HuggingFaceM4/idefics2-8b", 8_402_768_112],
  ["meta-llama/Llama-4-Scout-17B-16E", 108_641_793_536],
  ["OpenGVLab/InternVL3-1B-hf", 938_158_976],
];

/** Names under which the counts were taken, where a Hub id is another. */
const ALSO_KNOWN_AS: [name: string, id: string][] = [
  ["gpt2", "openai-community/gpt2"],
  ["t5-small", "google-t5/t5-small"],
  ["bert-base-uncased", "google-bert/bert-base-uncased"],
];

Deno.test("CATALOGUE holds each of the 72 models that measured runs name", () => {
  assertEquals(new Set(MEASURED).size, 72);
  for (const id of MEASURED) {
    assertEquals(findModel(id)?.id, id);
    const { model } = estimate({ model: id });
    assertEquals(model.name, id);
    assert(Number.isSafeInteger(model.parameters) && model.parameters > 0, id);
  }
});

Deno.test("CATALOGUE holds the exact count of each of the 70 counted models", () => {
  assertEquals(new Set(COUNTED.map(([id]) => id)).size, 70);
  for (const [id, parameters] of COUNTED) {
    assertEquals(findModel(id)?.parameters, parameters, id);
  }
});

Deno.test("resolveModel() gives a counted model's parameters as exact", () => {
  for (const [id, parameters] of COUNTED) {
    const result = resolveModel(id);
    assert(result.ok, id);
    assertEquals(result.value.parameters, parameters, id);
    assertEquals(result.value.parameters_basis, "exact", id);
    assertEquals(result.value.source, "catalogue", id);
  }
});

Deno.test("findModel() knows counted models by the name they were counted under", () => {
  for (const [name, id] of ALSO_KNOWN_AS) {
    assertEquals(findModel(name)?.id, id);
  }
});
