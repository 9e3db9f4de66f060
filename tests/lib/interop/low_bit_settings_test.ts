import { assert, assertEquals } from "@std/assert";
import { imported } from "./imported.ts";

/** What of a Scenario a text has to say. */
interface Said {
  readonly what: string;
  readonly text: string;
  readonly says: Readonly<Record<string, unknown>>;
}

const LLAMA_FACTORY =
  "model_name_or_path: Qwen/Qwen3-0.6B\nstage: sft\nfinetuning_type: full\ntemplate: qwen\n";
const AXOLOTL =
  "base_model: Qwen/Qwen3-0.6B\nsequence_len: 1024\nmicro_batch_size: 1\n";
const TUNE =
  "model:\n  _component_: torchtune.models.llama3_1.llama3_1_8b\noptimizer:\n  _component_: torch.optim.AdamW\n  fused: true\ndtype: bf16\ntokenizer:\n  _component_: torchtune.models.llama3.llama3_tokenizer\n";

const SAID: readonly Said[] = [
  {
    what: "LLaMA-Factory's fp8",
    text: `${LLAMA_FACTORY}fp8: true\nfp8_backend: torchao\n`,
    says: { "precision.fp8": "rowwise" },
  },
  {
    what: "LLaMA-Factory's fp8 by Transformer Engine",
    text: `${LLAMA_FACTORY}fp8: true\nfp8_backend: te\n`,
    says: { "precision.fp8": "delayed" },
  },
  {
    what: "LLaMA-Factory's GaLore in 8 bits",
    text:
      `${LLAMA_FACTORY}use_galore: true\noptim: adamw_8bit\ngalore_rank: 64\ngalore_target: all\n`,
    says: {
      "optimizer.name": "galore",
      "optimizer.bits": 8,
      "optimizer.rank": 64,
    },
  },
  {
    what: "LLaMA-Factory's APOLLO",
    text: `${LLAMA_FACTORY}use_apollo: true\napollo_rank: 256\n`,
    says: { "optimizer.name": "apollo", "optimizer.rank": 256 },
  },
  {
    what: "LLaMA-Factory's BAdam",
    text: `${LLAMA_FACTORY}use_badam: true\nbadam_mode: layer\n`,
    says: {
      "train.trainable_layers": -1,
      "precision.master_weights": "fp32",
    },
  },
  {
    what: "the Trainer's arguments of GaLore",
    text:
      'optim: galore_adamw\noptim_args: "rank=32, update_proj_gap=100, scale=0.1"\noptim_target_modules: [attn, mlp]\nper_device_train_batch_size: 1\ntorch_empty_cache_steps: 4\n',
    says: {
      "optimizer.name": "galore",
      "optimizer.rank": 32,
      "train.empty_cache_steps": 4,
    },
  },
  {
    what: "Axolotl's QAT",
    text:
      `${AXOLOTL}qat:\n  activation_dtype: int8\n  weight_dtype: int4\n  group_size: 8\n  fake_quant_after_n_steps: 1000\n`,
    says: { "quantization.qat": "int8-int4", "quantization.group_size": 8 },
  },
  {
    what: "Axolotl's fp8",
    text: `${AXOLOTL}fp8: true\nfp8_enable_fsdp_float8_all_gather: false\n`,
    says: { "precision.fp8": "tensorwise" },
  },
  {
    what: "Axolotl's Q-GaLore",
    text:
      `${AXOLOTL}optimizer: q_galore_adamw8bit\nqgalore_rank: 64\nqgalore_proj_bits: 4\n`,
    says: { "optimizer.name": "q-galore", "optimizer.rank": 64 },
  },
  {
    what: "Axolotl's FlashAdamW",
    text: `${AXOLOTL}optimizer: flash_adamw\n`,
    says: { "optimizer.name": "flash-adamw" },
  },
  {
    what: "ms-swift's Q-GaLore",
    text:
      "swift sft --model Qwen/Qwen3-0.6B --tuner_type full --use_galore true --galore_quantization true --galore_rank 64\n",
    says: { "optimizer.name": "q-galore", "optimizer.rank": 64 },
  },
  {
    what: "ms-swift's Muon",
    text:
      "swift sft --model Qwen/Qwen3-0.6B --tuner_type full --optimizer muon\n",
    says: { "optimizer.name": "muon" },
  },
  {
    what: "torchtune's fp8",
    text:
      `${TUNE}enable_fp8_training: true\nfp8_recipe_name: rowwise_with_gw_hp\n`,
    says: { "precision.fp8": "rowwise-gw" },
  },
  {
    what: "torchtune's QAT",
    text:
      `${TUNE}quantizer:\n  _component_: torchtune.training.quantization.Int8DynActInt4WeightQATQuantizer\n  groupsize: 64\n`,
    says: { "quantization.qat": "int8-int4", "quantization.group_size": 64 },
  },
  {
    what: "torchtitan's fp8",
    text:
      '[model]\nname = "llama3"\nflavor = "8B"\nconverters = ["float8"]\n[training]\nseq_len = 2048\nlocal_batch_size = 1\n[float8]\nrecipe_name = "rowwise"\n',
    says: { "precision.fp8": "rowwise" },
  },
  {
    what: "Unsloth's QAT",
    text:
      'model, tokenizer = FastLanguageModel.from_pretrained(model_name="unsloth/Qwen3-4B", max_seq_length=2048, load_in_4bit=False)\nmodel = FastLanguageModel.get_peft_model(model, r=16, qat_scheme="int4")\n',
    says: { "quantization.qat": "int4", "quantization.group_size": 128 },
  },
  {
    what: "modules that bitsandbytes skips",
    text:
      'from transformers import AutoModelForCausalLM, BitsAndBytesConfig\nconfig = BitsAndBytesConfig(load_in_4bit=True, llm_int8_skip_modules=["lm_head", "gate"])\nmodel = AutoModelForCausalLM.from_pretrained("Qwen/Qwen3-0.6B", quantization_config=config)\nargs = SFTConfig(per_device_train_batch_size=1, max_length=1024)\n',
    says: { "quantization.skip_modules": ["lm_head", "gate"] },
  },
  {
    what: "Megatron-LM's fp8",
    text:
      "torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 4 --hidden-size 1024 --num-attention-heads 16 --seq-length 1024 --max-position-embeddings 1024 --micro-batch-size 1 --global-batch-size 8 --vocab-size 32000 --bf16 --fp8-format hybrid --fp8-recipe delayed --fp8-param-gather\n",
    says: { "precision.fp8": "delayed", "precision.fp8_parameters": true },
  },
  {
    what: "accelerate's fp8",
    text:
      "compute_environment: LOCAL_MACHINE\ndistributed_type: MULTI_GPU\nmixed_precision: fp8\nnum_processes: 2\nfp8_config:\n  backend: AO\n",
    says: { "precision.fp8": "tensorwise" },
  },
  {
    what: "the allocator's settings",
    text:
      "PYTORCH_CUDA_ALLOC_CONF=max_split_size_mb:128,garbage_collection_threshold:0.8 llamafactory-cli train --model_name_or_path Qwen/Qwen3-0.6B --stage sft --finetuning_type full --template qwen\n",
    says: { "software.max_split_size_mb": 128 },
  },
];

for (const { what, text, says } of SAID) {
  Deno.test(`scenarioOfConfiguration() reads ${what}`, () => {
    const { scenario, ignored } = imported(text);
    for (const [path, value] of Object.entries(says)) {
      const [section = "", key = ""] = path.split(".");
      const own = (scenario as unknown as Record<string, object>)[section];
      assertEquals((own as Record<string, unknown>)?.[key], value, path);
    }
    const unknown = ignored.filter(({ reason }) => /not known/.test(reason));
    assertEquals(unknown, []);
  });
}

Deno.test("scenarioOfConfiguration() says which settings of the allocator are not played", () => {
  const { ignored } = imported(
    "PYTORCH_CUDA_ALLOC_CONF=backend:cudaMallocAsync,roundup_power2_divisions:4,garbage_collection_threshold:0.8 llamafactory-cli train --model_name_or_path Qwen/Qwen3-0.6B --stage sft --finetuning_type full --template qwen\n",
  );
  const moves = (name: string) =>
    ignored.find(({ key }) => key.endsWith(` ${name}`))?.moves_memory;
  assert(moves("backend"));
  assert(moves("roundup_power2_divisions"));
  assertEquals(moves("garbage_collection_threshold"), false);
});
