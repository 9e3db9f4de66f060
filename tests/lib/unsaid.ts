/**
 * Heads whose highest point is a sum of two gradients: that of an adapter's input
 * and that of its base layer's, both of 16 bits.
 */
const SUMMED = [
  "bert reward",
  "bert tokens",
  "bert bare",
  "xlm-roberta sequences",
  "xlm-roberta bare",
  "distilbert spans",
  "modernbert tokens",
  "starcoder2 tokens",
  "gpt_neox bare",
];

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
  "llama3.1-8b QLoRA r16 all7 prep_kbit AMP nockpt B1 S2048": {
    phases: ["forward", "backward_start", "backward"],
    why:
      "traced with a stand-in for bitsandbytes' layer that PEFT wraps as a plain Linear, whose input it casts to fp32 under autocast too, and with gradients led to the embeddings without checkpoints; PEFT's Linear4bit casts nothing under autocast, and prepare_model_for_kbit_training leads gradients there for checkpoints alone",
  },
  "llama2-7b full bf16 ckpt B2 S4096": {
    phases: ["backward"],
    why:
      "traced by a PyTorch without CUDA kernels, whose silu_backward is six operations; a GPU's is one, and takes 5 × tokens × intermediate size × 2 B less",
  },
  ...Object.fromEntries(SUMMED.map((name) => [
    `head ${name} lora bf16 adapters eager`,
    {
      phases: ["backward"],
      why:
        "the tracer makes a new tensor of the sum, PyTorch on a GPU adds in place",
    },
  ])),
};
