/** What a piece of memory is for, in the order that parts are listed. */
export const PARTS = [
  "weights",
  "adapters",
  "buffers",
  "gradients",
  "optimizer states",
  "optimizer temporaries",
  "weight casts",
  "dequantised weights",
  "checkpoints",
  "residual stream",
  "norm activations",
  "attention activations",
  "state-space activations",
  "MLP activations",
  "expert activations",
  "adapter activations",
  "vision activations",
  "embeddings",
  "logits and loss",
  "activation gradients",
  "kernel workspaces",
  "allocator rounding",
  "inputs",
] as const;

export type PartName = typeof PARTS[number];
