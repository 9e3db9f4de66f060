import type { PartName } from "../../answer/parts.ts";

const SAVED = "saved by autograd: derivatives.yaml, transformers";

/** Whose code each part is read off; of PyTorch where nothing else is said. */
export const SOURCES: Readonly<Record<PartName, string>> = {
  "weights": "each tensor counted, in blocks of 512 bytes",
  "adapters": "each tensor of PEFT counted, in blocks of 512 bytes",
  "buffers": "transformers: register_buffer",
  "KV cache": "transformers cache_utils.py",
  "rollout engine": "vllm v1/worker/gpu_worker.py",
  "gradients": "accumulate_grad.h",
  "gathered parameters": "torch.distributed.fsdp, DeepSpeed: all-gathers",
  "communication buffers":
    "torch.distributed, DeepSpeed, Megatron: buckets and buffers",
  "master weights": "DeepSpeed, Megatron: fp32 partitions",
  "optimizer states": "torch.optim, bitsandbytes.optim",
  "optimizer temporaries": "torch.optim: steps of each implementation",
  "weight casts": "autocast_mode.cpp: cached_cast",
  "dequantised weights": "bitsandbytes autograd/_functions.py",
  "checkpoints": "torch/utils/checkpoint.py",
  "residual stream": SAVED,
  "norm activations": SAVED,
  "attention activations": SAVED,
  "state-space activations": "mamba_ssm ops, causal-conv1d: save_for_backward",
  "MLP activations": SAVED,
  "expert activations": SAVED,
  "adapter activations": "saved by autograd: PEFT tuners/lora",
  "vision activations": SAVED,
  "embeddings": SAVED,
  "logits and loss": "transformers loss_utils.py, LossNLL",
  "activation gradients": "autograd engine.cpp",
  "kernel workspaces": "CublasHandlePool.cpp, flash-attention",
  "allocator rounding": "CUDACachingAllocator.cpp",
  "inputs": "transformers Trainer: int64",
};
