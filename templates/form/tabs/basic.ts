import type { Tab } from "./tab.ts";

/** What is trained or served, and on which GPU. */
export const basic: Tab = {
  id: "basic",
  title: "Basic",
  groups: [
    {
      title: "Model",
      quiet: true,
      controls: [{
        path: "model",
        label: "Model",
        hint:
          "A name from the catalogue, such as llama2-7b, or of the Hub: owner/name",
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
          hint: "Paste its text and clear the model's name above",
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
};
