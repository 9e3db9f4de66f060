/**
 * Phases of traced steps that ran something no Scenario can say, and what. The
 * same steps without it are among `traced_steps.json`.
 */
export const UNSAID: Readonly<
  Record<string, { readonly phases: readonly string[]; readonly why: string }>
> = {
  "qwen2.5-0.5b full bf16 nockpt B4 S1024 keep_out": {
    phases: ["backward_start", "backward"],
    why: "the caller keeps the logits, which no field of a Scenario says",
  },
  "llama2-7b full bf16 ckpt B2 S4096": {
    phases: ["backward"],
    why:
      "traced by a PyTorch without CUDA kernels, whose silu_backward is six operations; a GPU's is one, and takes 5 × tokens × intermediate size × 2 B less",
  },
};
