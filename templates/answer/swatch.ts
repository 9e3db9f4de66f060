/** The style of each part, one colour a kind of memory, in bar and table. */
const SWATCHES: Record<string, string> = {
  "weights": "weights",
  "gradients": "gradients",
  "optimizer states": "optimizer",
  "master weights": "master",
  "attention activations": "attention",
  "MLP activations": "mlp",
  "vision activations": "vision",
  "logits": "logits",
  "KV cache": "cache",
  "ZeRO-3 gathered weights": "gathered",
  "transient buffers": "transient",
  "communication buffers": "communication",
  "DeepSpeed overhead": "engine",
  "CUDA context": "context",
  "framework overhead": "framework",
  "fragmentation": "fragmentation",
  "adapters": "master",
  "optimizer temporaries": "transient",
  "weight casts": "gathered",
  "dequantised weights": "gathered",
  "checkpoints": "cache",
  "residual stream": "cache",
  "norm activations": "vision",
  "expert activations": "mlp",
  "state-space activations": "attention",
  "adapter activations": "communication",
  "logits and loss": "logits",
  "activations": "mlp",
  "embeddings": "vision",
  "input data": "communication",
  "temporary activations": "transient",
  "overhead": "framework",
  "activation gradients": "transient",
  "kernel workspaces": "engine",
  "cached by the allocator": "fragmentation",
  "CUDA context and libraries": "context",
};

/** The class that colours a part. */
export function swatch(part: string): string {
  return `s-${SWATCHES[part] ?? "other"}`;
}
