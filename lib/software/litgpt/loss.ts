import {
  chunkedLoss,
  rowsOfPieces,
} from "../../play/torch/ops/chunked_loss.ts";
import { scattersOnes } from "../../play/torch/ops/compiled_loss.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { PiecesLoss } from "../loss_code.ts";

/** Tokens of a piece. */
const SIZE = 128;

/**
 * The loss of 128 tokens of each sequence at a time, whose logits go through
 * Fabric, which casts what a model returns; the script holds them to the end of
 * its step.
 *
 * Sources: Lightning-AI/litgpt lit_gpt/lora.py, GPT.forward; lit_gpt/utils.py,
 * chunked_cross_entropy; Lightning-AI/pytorch-lightning fabric/plugins/precision,
 * convert_output
 */
export function litgptPieces({ train, software }: Scenario): PiecesLoss {
  const { micro_batch: batch, sequence_length: sequence } = train;
  const chunks = {
    rows: rowsOfPieces(batch, sequence, SIZE),
    copies: batch > 1,
    casts: "all",
    compiled: train.kernels === "compile",
    scatters: scattersOnes(software.torch),
  } as const;
  return {
    keepsLogits: true,
    take: (m, hidden, _, head) => chunkedLoss(m, hidden, head, chunks),
  };
}
