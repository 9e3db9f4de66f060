/**
 * Heads whose highest point is a sum of two gradients, that of an adapter's input
 * and that of its base layer's, both of 16 bits: tokens of a batch, and, as read
 * off the trace, by how many tensors of tokens × hidden size its highest point
 * lies above the one that is played, which may be at another place.
 */
const SUMMED: Readonly<
  Record<string, { tokens: number; hidden: number; above: number }>
> = {
  "bert reward": { tokens: 2 * 512, hidden: 768, above: 3 },
  "bert tokens": { tokens: 2 * 512, hidden: 768, above: 3 },
  "bert bare": { tokens: 2 * 512, hidden: 768, above: 3 },
  "xlm-roberta sequences": { tokens: 3 * 320, hidden: 768, above: 3 },
  "xlm-roberta bare": { tokens: 3 * 320, hidden: 768, above: 3 },
  "distilbert spans": { tokens: 3 * 320, hidden: 768, above: 3 },
  "modernbert tokens": { tokens: 3 * 320, hidden: 768, above: 1 },
  "starcoder2 tokens": { tokens: 4 * 256, hidden: 512, above: 2 },
  "gpt_neox bare": { tokens: 4 * 256, hidden: 512, above: 1 },
};

/** Bytes of an element of 16 bits, and of 32. */
const [HALF, SINGLE] = [2, 4];

/** Logits: batch × tokens × vocabulary. */
const KEPT_LOGITS = 4 * 1024 * 151_936 * HALF;
/** As read off the trace: 17 times tokens × hidden size. */
const CAST_INPUTS = 17 * 2048 * 4096 * SINGLE;
/** What six operations hold above one: tokens × intermediate size, 2.5 times. */
const SIX_OPERATIONS = 2.5 * 2 * 4096 * 11_008 * HALF;

/**
 * Bytes that phases of traced steps hold beside what a Scenario can say, and why.
 * Without them such a phase is held to the same bounds as every other. The same
 * steps without what is unsaid are among `traced_steps.json`.
 */
export const UNSAID: Readonly<
  Record<
    string,
    { readonly beside: Bytes; readonly why: string }
  >
> = {
  "qwen2.5-0.5b full bf16 nockpt B4 S1024 keep_out": {
    beside: { backward_start: KEPT_LOGITS, backward: KEPT_LOGITS },
    why: "the caller keeps the logits, which no field of a Scenario says",
  },
  "llama3.1-8b QLoRA r16 all7 prep_kbit AMP nockpt B1 S2048": {
    beside: {
      forward: CAST_INPUTS,
      backward_start: CAST_INPUTS,
      backward: CAST_INPUTS,
    },
    why:
      "traced with a stand-in for bitsandbytes' layer that PEFT wraps as a plain Linear, whose input it casts to fp32 under autocast too, and with gradients led to the embeddings without checkpoints; PEFT's Linear4bit casts nothing under autocast, and prepare_model_for_kbit_training leads gradients there for checkpoints alone",
  },
  "llama2-7b full bf16 ckpt B2 S4096": {
    beside: { backward: SIX_OPERATIONS },
    why:
      "traced by a PyTorch without CUDA kernels, whose silu_backward is six operations; a GPU's is one, and takes 5 × tokens × intermediate size × 2 B less",
  },
  ...Object.fromEntries(
    Object.entries(SUMMED).map(([name, { tokens, hidden, above }]) => [
      `head ${name} lora bf16 adapters eager`,
      {
        beside: { backward: above * tokens * hidden * HALF },
        why:
          "the tracer makes a new tensor of the sum, PyTorch on a GPU adds in place",
      },
    ]),
  ),
};

/** What a trace would hold without what is unsaid. */
export function saidOf<T extends { name: string; bytes: Bytes }>(traced: T): T {
  const beside: Bytes = UNSAID[traced.name]?.beside ?? {};
  const bytes = Object.entries(traced.bytes).map(([phase, held]) =>
    [phase, held - (beside[phase] ?? 0)] as const
  );
  return { ...traced, bytes: Object.fromEntries(bytes) };
}

type Bytes = Readonly<Record<string, number>>;
