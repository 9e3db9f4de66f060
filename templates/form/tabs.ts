/** A control of the form; its kind and choices come from the schema. */
export interface Control {
  /** Dotted path in the Scenario, and the control's name. */
  path: string;
  label: string;
  /** A line under the control. */
  hint?: string;
  /** What stands behind the number: "GiB", "tokens". */
  unit?: string;
  /** Suggestions for a text, by the id of a datalist. */
  list?: "models" | "formats";
  /** Choices where the schema has a range of numbers. */
  options?: readonly string[];
  /** What a blank control means. */
  blank?: string;
}

/** Controls that belong together. */
export interface Group {
  title: string;
  /** Its one control says the same, so only screen readers get the title. */
  quiet?: true;
  /** Shown only for this task. */
  task?: "train" | "serve";
  /** Folded away until asked for. */
  folded?: true;
  controls: readonly Control[];
}

/** One of the five tabs. */
export interface Tab {
  id: string;
  title: string;
  groups: readonly Group[];
}

/** Every control of the form; each field of a Scenario has one. */
export const TABS: readonly Tab[] = [
  {
    id: "basic",
    title: "Basic",
    groups: [
      {
        title: "Model",
        quiet: true,
        controls: [{
          path: "model",
          label: "Model",
          hint: "A name from the catalogue, such as llama2-7b",
          list: "models",
        }],
      },
      {
        title: "A model that is not in the catalogue",
        folded: true,
        controls: [
          {
            path: "model.config",
            label: "Its config.json",
            hint: "Paste the file and clear the model's name above",
          },
          { path: "model.dims.layers", label: "Layers" },
          { path: "model.dims.hidden_size", label: "Hidden size" },
          { path: "model.dims.attention_heads", label: "Attention heads" },
          {
            path: "model.dims.kv_heads",
            label: "KV heads",
            blank: "as attention heads",
          },
          {
            path: "model.dims.head_dim",
            label: "Head dimension",
            blank: "hidden ÷ heads",
          },
          {
            path: "model.dims.intermediate_size",
            label: "MLP size",
            blank: "4 × hidden",
          },
          { path: "model.dims.vocab_size", label: "Vocabulary" },
          {
            path: "model.dims.parameters",
            label: "Parameters",
            blank: "counted",
          },
          { path: "model.dims.experts", label: "Experts", blank: "none" },
          { path: "model.dims.experts_per_token", label: "Experts per token" },
          { path: "model.dims.expert_intermediate_size", label: "Expert size" },
          {
            path: "model.dims.shared_expert_intermediate_size",
            label: "Shared expert size",
          },
          {
            path: "model.dims.max_position_embeddings",
            label: "Context",
            unit: "tokens",
          },
          {
            path: "model.dims.tie_embeddings",
            label: "Head tied to embedding",
            blank: "no",
          },
          { path: "model.dims.gated_mlp", label: "Gated MLP", blank: "yes" },
        ],
      },
      {
        title: "Task",
        quiet: true,
        controls: [{ path: "task", label: "Task" }],
      },
      {
        title: "Training",
        task: "train",
        controls: [
          { path: "train.method", label: "Fine-tuning method" },
          { path: "precision.weights", label: "Precision" },
          {
            path: "train.micro_batch",
            label: "Micro batch",
            hint: "Sequences per GPU and forward",
          },
          {
            path: "train.sequence_length",
            label: "Sequence length",
            unit: "tokens",
            hint: "Longest that occurs; 4k is 4096",
          },
          {
            path: "train.gradient_accumulation",
            label: "Gradient accumulation",
            hint: "Steps; costs no memory here",
          },
        ],
      },
      {
        title: "Serving",
        task: "serve",
        controls: [
          { path: "serve.engine", label: "Engine" },
          { path: "serve.batch", label: "Concurrent sequences" },
          { path: "serve.input_tokens", label: "Input", unit: "tokens" },
          { path: "serve.output_tokens", label: "Output", unit: "tokens" },
          { path: "serve.kv_dtype", label: "KV cache type" },
          { path: "serve.kv_cache", label: "Keep a KV cache" },
        ],
      },
      {
        title: "Hardware",
        controls: [
          { path: "hardware.gpu", label: "GPU" },
          {
            path: "hardware.gpu.memory_gib",
            label: "Or its usable memory",
            unit: "GiB",
            hint: "Wins over the GPU; 80GB and 79.3GiB work too",
            blank: "as the GPU",
          },
        ],
      },
    ],
  },
  {
    id: "parallelism",
    title: "Parallelism",
    groups: [
      {
        title: "Mesh",
        controls: [
          {
            path: "parallel.gpus",
            label: "GPUs in all",
            hint: "Replicas = GPUs ÷ (tp × pp × cp)",
          },
          { path: "parallel.gpus_per_node", label: "GPUs per node" },
          { path: "parallel.tp", label: "Tensor parallel" },
          { path: "parallel.pp", label: "Pipeline parallel" },
          { path: "parallel.cp", label: "Context parallel" },
          { path: "parallel.ep", label: "Expert parallel" },
          { path: "parallel.virtual_pipeline", label: "Virtual stages" },
          {
            path: "parallel.microbatches",
            label: "Microbatches in flight",
            blank: "auto",
          },
          { path: "parallel.sequence_parallel", label: "Sequence parallel" },
        ],
      },
      {
        title: "Engine",
        controls: [
          { path: "engine.name", label: "Engine" },
          {
            path: "engine.zero_stage",
            label: "ZeRO stage",
            options: ["0", "1", "2", "3"],
            hint: "DeepSpeed",
          },
          { path: "engine.sharding", label: "Sharding", hint: "FSDP" },
          { path: "engine.offload_optimizer", label: "Offload optimizer" },
          { path: "engine.offload_parameters", label: "Offload parameters" },
          {
            path: "engine.distributed_optimizer",
            label: "Distributed optimizer",
            hint: "Megatron",
          },
        ],
      },
    ],
  },
  {
    id: "optimizations",
    title: "Optimizations",
    groups: [
      {
        title: "Activations",
        controls: [
          { path: "train.attention", label: "Attention" },
          { path: "train.checkpointing", label: "Activation checkpointing" },
          { path: "train.loss", label: "Loss", hint: "fused: Liger, CCE" },
          { path: "train.kernels", label: "Kernels" },
          {
            path: "train.checkpoint_offload",
            label: "Keep checkpoints in host memory",
          },
          {
            path: "train.padding_mask",
            label: "Pass a padding mask to attention",
          },
        ],
      },
      {
        title: "Weights",
        controls: [
          {
            path: "quantization.weights",
            label: "Quantisation",
            list: "formats",
            hint: "none, nf4, int8, gguf:Q4_K_M …",
          },
          { path: "quantization.group_size", label: "Group size" },
          {
            path: "quantization.kbit_upcast",
            label: "Upcast the rest to fp32 (PEFT k-bit)",
          },
        ],
      },
      {
        title: "Optimizer and precision",
        controls: [
          { path: "optimizer.name", label: "Optimizer" },
          { path: "optimizer.bits", label: "State bits" },
          { path: "optimizer.implementation", label: "Implementation" },
          { path: "precision.autocast", label: "Autocast", blank: "off" },
          {
            path: "precision.gradients",
            label: "Gradients",
            blank: "as weights",
          },
          {
            path: "precision.master_weights",
            label: "Master weights",
            blank: "auto",
          },
          {
            path: "precision.optimizer_states",
            label: "Optimizer states",
            blank: "auto",
          },
          { path: "optimizer.paged", label: "Paged states" },
          { path: "optimizer.in_backward", label: "Step inside the backward" },
        ],
      },
    ],
  },
  {
    id: "lora",
    title: "LoRA",
    groups: [{
      title: "Adapters",
      controls: [
        { path: "train.lora.rank", label: "Rank" },
        { path: "train.lora.alpha", label: "Alpha" },
        { path: "train.lora.dropout", label: "Dropout" },
        { path: "train.lora.adapter_dtype", label: "Adapter type" },
        {
          path: "train.lora.targets",
          label: "Target modules",
          hint: "default, all-linear, or names: q_proj, v_proj",
        },
        {
          path: "train.lora.modules_to_save",
          label: "Modules to save",
          blank: "none",
          hint: "Trained whole beside the adapters",
        },
        {
          path: "train.lora.trainable_parameters",
          label: "Trainable parameters",
          blank: "counted",
          hint: "An exact count that you know wins",
        },
        {
          path: "train.lora.target_parameters",
          label: "Target parameters",
          blank: "none",
          hint: "3-D experts, such as mlp.experts.down_proj",
        },
        { path: "train.lora.bias", label: "Biases that train" },
        { path: "train.lora.dora", label: "DoRA" },
        { path: "train.lora.rslora", label: "Rank-stabilised (rsLoRA)" },
      ],
    }],
  },
  {
    id: "advanced",
    title: "Advanced",
    groups: [
      {
        title: "Method",
        quiet: true,
        controls: [{ path: "method", label: "Method" }],
      },
      {
        title: "Images",
        controls: [
          { path: "train.images_per_sample", label: "Images per sample" },
          {
            path: "train.image_size",
            label: "Image size",
            hint: "Height, width in pixels",
          },
          {
            path: "factors.vision_hidden",
            label: "Vision hidden size",
            blank: "the model's",
          },
          {
            path: "factors.vision_layers",
            label: "Vision layers",
            blank: "the model's",
          },
          {
            path: "factors.vision_patch",
            label: "Vision patch",
            blank: "the model's",
          },
        ],
      },
      {
        title: "Calibration factors",
        controls: [
          { path: "factors.attn_act_factor_fa", label: "Attention, flash" },
          { path: "factors.attn_act_factor_no_fa", label: "Attention, eager" },
          { path: "factors.mlp_act_factor", label: "MLP" },
          { path: "factors.logits_factor", label: "Logits" },
          { path: "factors.fused_loss_factor", label: "Kept by a fused loss" },
          {
            path: "factors.grad_ckpt_reduction",
            label: "Kept by checkpointing",
          },
          { path: "factors.kv_cache", label: "Count a KV cache when training" },
        ],
      },
      {
        title: "Cushions and overheads",
        controls: [
          {
            path: "factors.cuda_libs_gib",
            label: "CUDA libraries",
            unit: "GiB",
          },
          {
            path: "factors.misc_overhead_gib",
            label: "Framework",
            unit: "GiB",
          },
          {
            path: "factors.fragmentation_gib",
            label: "Fragmentation",
            unit: "GiB",
          },
          {
            path: "factors.deepspeed_overhead_gib",
            label: "DeepSpeed",
            unit: "GiB",
            blank: "by stage",
          },
          {
            path: "factors.transient_gib_per_sequence",
            label: "Transients per sequence",
            unit: "GiB",
          },
          {
            path: "overheads.cuda_context_gib",
            label: "CUDA context, if known",
            unit: "GiB",
            blank: "as CUDA libraries",
          },
          {
            path: "overheads.communication_gib",
            label: "Communication",
            unit: "GiB",
            blank: "auto",
          },
          { path: "overheads.other_gib", label: "Other", unit: "GiB" },
        ],
      },
      {
        title: "Serving limits",
        controls: [
          { path: "serve.memory_utilization", label: "Memory utilization" },
          {
            path: "serve.cache_tokens",
            label: "Cache held for",
            unit: "tokens",
            blank: "auto",
          },
          {
            path: "serve.max_batched_tokens",
            label: "Max batched",
            unit: "tokens",
            blank: "auto",
          },
          {
            path: "serve.max_sequences",
            label: "Max sequences",
            blank: "auto",
          },
        ],
      },
      {
        title: "Software",
        controls: [
          {
            path: "train.trainable",
            label: "What trains",
            hint: "all, or parts: lm_head, …",
          },
          { path: "software.model_code", label: "Model code" },
          { path: "software.torch", label: "torch", blank: "latest" },
          {
            path: "software.transformers",
            label: "transformers",
            blank: "latest",
          },
          { path: "software.peft", label: "peft", blank: "latest" },
          { path: "software.trl", label: "trl", blank: "latest" },
          { path: "software.accelerate", label: "accelerate", blank: "latest" },
          {
            path: "software.bitsandbytes",
            label: "bitsandbytes",
            blank: "latest",
          },
        ],
      },
    ],
  },
];

const LABELS = new Map(
  TABS.flatMap(({ groups }) => groups.flatMap(({ controls }) => controls))
    .map(({ path, label }) => [path, label]),
);

/** What the form calls the field at a path, where it has a control for it. */
export function labelOf(path: string): string | undefined {
  return LABELS.get(path);
}
