/** What belongs to ways of estimating, in a sentence each, by a field's path. */
export const METHOD_WORDS: Record<string, string> = {
  "method":
    "How the answer is found: timeline plays the step through; the others are older calculators' formulas.",
  "overheads.cuda_context_gib":
    "What a process holds beside PyTorch: the CUDA context and libraries. Blank is what the GPU was measured with.",
  "overheads.communication_gib":
    "What NCCL takes to talk to other GPUs. Blank is an assumption.",
  "overheads.other_gib": "What else stands on the GPU, such as a desktop.",
  "factors.attn_act_factor_no_fa":
    "Method factors: attention's activations without a flash kernel.",
  "factors.attn_act_factor_fa":
    "Method factors: attention's activations with a flash kernel.",
  "factors.mlp_act_factor": "Method factors: the MLP's activations.",
  "factors.logits_factor": "Method factors: copies of the logits.",
  "factors.fused_loss_factor":
    "Method factors: what of the logits a fused loss holds.",
  "factors.grad_ckpt_reduction":
    "Method factors: the share of activations that checkpointing leaves.",
  "factors.cuda_libs_gib": "Method factors: the CUDA context and libraries.",
  "factors.misc_overhead_gib": "Method factors: the framework.",
  "factors.fragmentation_gib": "Method factors: what fragments leave unused.",
  "factors.deepspeed_overhead_gib": "Method factors: DeepSpeed itself.",
  "factors.transient_gib_per_sequence":
    "Method factors: short-lived buffers of a sequence.",
  "factors.kv_cache": "Method factors: whether serving counts a KV cache.",
  "factors.vision_hidden": "Method factors: the vision tower's width.",
  "factors.vision_layers": "Method factors: the vision tower's layers.",
  "factors.vision_patch": "Method factors: the side of an image's patch.",
};
