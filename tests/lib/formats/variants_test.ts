import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { findModel } from "../../../lib/models/catalogue.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import { variantOf } from "../../../lib/models/variants/variant_of.ts";
import { assertOk } from "../results.ts";
import { bytesOfTensors } from "../../../lib/formats/total.ts";
import { checkpointOf, smallLlama } from "./stored.ts";

/** A name, the model that it is of, and what is said of its layout. */
const VARIANTS: readonly [name: string, base: string, words: string][] = [
  ["Qwen/Qwen3-8B-FP8", "Qwen/Qwen3-8B", "fp8, blocks of 128 × 128"],
  ["Qwen/Qwen2.5-7B-Instruct-AWQ", "Qwen/Qwen2.5-7B-Instruct", "AWQ, 4 bits"],
  [
    "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8",
    "Qwen/Qwen2.5-7B-Instruct",
    "GPTQ, 8 bits, groups of 128",
  ],
  [
    "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic",
    "meta-llama/Llama-3.1-8B-Instruct",
    "compressed-tensors, fp8, a scale an output",
  ],
  [
    "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8",
    "meta-llama/Llama-3.1-8B-Instruct",
    "compressed-tensors, fp8, a scale a matrix",
  ],
  [
    "neuralmagic/Meta-Llama-3.1-70B-Instruct-quantized.w8a8",
    "meta-llama/Llama-3.1-70B-Instruct",
    "8-bit integers, a scale an output",
  ],
  [
    "RedHatAI/Qwen3-8B-quantized.w4a16",
    "Qwen/Qwen3-8B",
    "4-bit integers, groups of 128",
  ],
  [
    "nvidia/Llama-3.1-8B-Instruct-FP8",
    "meta-llama/Llama-3.1-8B-Instruct",
    "ModelOpt, fp8, a scale a matrix",
  ],
  [
    "nvidia/DeepSeek-R1-0528-NVFP4-v2",
    "deepseek-ai/DeepSeek-R1-0528",
    "ModelOpt, NVFP4",
  ],
  [
    "unsloth/llama-3-8b-bnb-4bit",
    "meta-llama/Meta-Llama-3-8B",
    "bitsandbytes NF4",
  ],
  [
    "TheBloke/Llama-2-7B-Chat-GPTQ",
    "meta-llama/Llama-2-7b-chat-hf",
    "GPTQ, 4 bits",
  ],
  ["amd/Llama-3.1-70B-MXFP4", "meta-llama/Llama-3.1-70B", "Quark, fp4"],
  ["turboderp/Qwen3-8B-3.5bpw-exl3", "Qwen/Qwen3-8B", "EXL3, 3.5 bits"],
  ["Qwen/Qwen3-8B-GGUF", "Qwen/Qwen3-8B", "GGUF Q4_K_M"],
  [
    "unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL",
    "Qwen/Qwen3-8B",
    "GGUF Q4_K_M",
  ],
  [
    "mlx-community/Llama-3.3-70B-Instruct-4bit",
    "meta-llama/Llama-3.3-70B-Instruct",
    "MLX, 4 bits, groups of 64",
  ],
  [
    "mlx-community/Qwen3-8B-6bit",
    "Qwen/Qwen3-8B",
    "MLX, 6 bits, groups of 64",
  ],
];

for (const [name, base, words] of VARIANTS) {
  Deno.test(`${name} is ${base} in its ending's layout`, () => {
    assertEquals(findModel(name), null);
    assertEquals(variantOf(name)?.base.id, base);
    const model = resolveModel(name);
    assertOk(model);
    assertEquals(model.value.parameters, findModel(base)?.parameters);
    assertEquals(model.value.parameters_basis, "derived");
    assertStringIncludes(model.value.notes.at(-1) ?? "", base);
    assertStringIncludes(checkpointOf({ model: name }).scheme, words);
  });
}

Deno.test("a name whose base nobody knows is an unknown model", () => {
  for (const name of ["Qwen/Qwen9-7B-FP8", "x/y-AWQ", "-FP8", "Qwen3-8B-FP9"]) {
    assertEquals(variantOf(name), null);
    const model = resolveModel(name);
    assert(!model.ok);
    assertStringIncludes(
      model.problems[0]?.message ?? "",
      "model must be in the catalogue",
    );
  }
});

Deno.test("gpt-oss stays MXFP4 in a GGUF file", () => {
  const { bytes } = checkpointOf({ model: "openai/gpt-oss-20b" });
  assertEquals(
    checkpointOf({ model: "ggml-org/gpt-oss-20b-GGUF" }).bytes,
    bytes,
  );
});

Deno.test("MLX packs every matrix, tables of embeddings too, at 4.5 bits a weight", () => {
  const { bytes, words } = mlxLlama();
  // Norms of 9 layers' inputs and outputs stay in 16 bits.
  const norms = 9 * 512;
  assertEquals(bytes, (words * 4.5) / 8 + 2 * norms);
});

/** A small Llama in MLX's config, which names no method: its bytes, and weights of matrices. */
function mlxLlama(): { bytes: number; words: number } {
  const input = smallLlama({ bits: 4, group_size: 64, mode: "affine" });
  const words = 2 * 1024 * 512 +
    4 * (2 * 512 * 512 + 2 * 512 * 256 + 3 * 512 * 1024);
  return { bytes: bytesOfTensors(checkpointOf(input).tensors), words };
}
