import {
  chunkedLoss,
  rowsOfPieces,
} from "../../play/torch/ops/chunked_loss.ts";
import { scattersOnes } from "../../play/torch/ops/compiled_loss.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { PiecesLoss } from "../loss_code.ts";

/** Pieces that a sequence is cut into. */
const PIECES = 8;

/**
 * The loss of an eighth of each sequence at a time.
 *
 * Sources: pytorch/torchtune modules/transformer.py, chunked_output;
 * modules/loss/ce_chunked_output_loss.py
 */
export function torchtunePieces({ train, software }: Scenario): PiecesLoss {
  const { micro_batch: batch, sequence_length: sequence } = train;
  const size = Math.ceil(sequence / PIECES);
  const chunks = {
    rows: rowsOfPieces(batch, sequence, size),
    copies: batch > 1,
    casts: "each",
    compiled: train.kernels === "compile",
    scatters: scattersOnes(software.torch),
  } as const;
  return {
    keepsLogits: false,
    take: (m, hidden, _, head) => chunkedLoss(m, hidden, head, chunks),
  };
}
