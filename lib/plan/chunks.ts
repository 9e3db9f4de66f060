import type { Scenario } from "../scenario/schema.ts";
import { MAX_CHUNKS } from "../play/memory/limits.ts";
import { TapeFull } from "../play/memory/tape.ts";
import type { Chunks } from "../play/torch/ops/chunked_loss.ts";
import { scattersOnes } from "../play/torch/ops/compiled_loss.ts";
import type { ModelCode } from "./model_code.ts";

/** Pieces that torchtune cuts a sequence into, and tokens of one of LitGPT's. */
const TORCHTUNE_CHUNKS = 8;
const LITGPT_CHUNK = 128;

/** How a project cuts hidden states for its loss, along the sequence. */
export function chunksOf(
  { train, software }: Scenario,
  { loss }: ModelCode,
): Chunks {
  const { micro_batch: batch, sequence_length: sequence } = train;
  const size = loss === "litgpt"
    ? LITGPT_CHUNK
    : Math.ceil(sequence / TORCHTUNE_CHUNKS);
  const count = Math.ceil(sequence / size);
  if (count > MAX_CHUNKS) throw new TapeFull("pieces of the loss", MAX_CHUNKS);
  return {
    rows: Array.from(
      { length: count },
      (_, at) => batch * Math.min(size, sequence - at * size),
    ),
    copies: batch > 1,
    keepsLogits: loss === "litgpt",
    casts: loss === "litgpt" ? "all" : "each",
    compiled: train.kernels === "compile",
    scatters: scattersOnes(software.torch),
  };
}
