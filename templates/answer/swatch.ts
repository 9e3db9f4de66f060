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
};

/** The class that colours a part. */
export function swatch(part: string): string {
  return `s-${SWATCHES[part] ?? "other"}`;
}
