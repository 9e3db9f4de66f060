import type { AskedVllm } from "./asked.ts";
import { droppedRemarks } from "./dropped.ts";
import type { VllmStart } from "./startup.ts";

/** What was taken for granted. */
export function assumptionsOf(
  { draft, lookahead, question: { model } }: AskedVllm,
  { plan }: VllmStart,
): string[] {
  return [
    "vLLM is taken to be 0.33 with its usual kernels",
    "What a captured CUDA graph keeps is taken from start-up logs",
    ...(model.architecture.vision
      ? ["Images are profiled at their largest, as their processor allows"]
      : []),
    ...(draft ? [`The draft speculates ${lookahead} token at a time`] : []),
    ...(plan.stages.length > 1
      ? ["What stages hand on to each other is not counted"]
      : []),
    ...droppedRemarks(model),
  ];
}

/** What a reader should know of the answer. */
export function warningsOf(
  { question: { scenario, model, checkpoint } }: AskedVllm,
  start: VllmStart,
  { length, fits }: { readonly length: number; readonly fits: number },
): string[] {
  const { batch } = scenario.serve;
  const { options } = start.plan;
  const plugged = checkpoint.tensors.some(({ packing }) =>
    packing?.layout === "bitsandbytes"
  );
  return [
    ...(length > options.max_model_len
      ? [
        `serve.input_tokens and serve.output_tokens are ${length} tokens, more than vLLM's max_model_len, ${options.max_model_len}`,
      ]
      : start.refusal === null && batch > fits
      ? [
        `serve.batch: ${
          batch - fits
        } of ${batch} sequences wait, for ${fits} of ${length} tokens are held at once`,
      ]
      : []),
    ...(plugged
      ? ["vLLM 0.33 takes bitsandbytes' weights with a plugin alone"]
      : []),
    ...droppedRemarks(model),
  ];
}
