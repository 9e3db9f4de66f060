import { MAX_CHUNKS } from "../../memory/limits.ts";
import { TapeFull } from "../../memory/tape.ts";
import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import { adaptedLinear } from "./adapted_linear.ts";
import { cast, copied, split, sumOf } from "./arithmetic.ts";
import { compiledCrossEntropy } from "./compiled_loss.ts";
import { crossEntropy } from "./cross_entropy.ts";
import type { TakenLoss } from "./head_loss.ts";

/** How hidden states are cut for a loss in pieces. */
export interface Chunks {
  /** Rows of each piece, over all sequences. */
  readonly rows: readonly number[];
  /** Whether a piece of several sequences has to be copied together. */
  readonly copies: boolean;
  /** Whether logits are cast to fp32 a piece at a time, or all of them first. */
  readonly casts: "each" | "all";
  /** Whether cast and loss are compiled into one kernel. */
  readonly compiled: boolean;
  /** Whether that kernel's gradient goes through a tensor of ones and zeros. */
  readonly scatters: boolean;
}

/**
 * Rows of each piece of a batch whose sequences are cut to so many tokens.
 *
 * @throws {TapeFull} Of more pieces than are recorded.
 */
export function rowsOfPieces(
  batch: number,
  sequence: number,
  size: number,
): number[] {
  const count = Math.ceil(sequence / size);
  if (count > MAX_CHUNKS) throw new TapeFull("pieces of the loss", MAX_CHUNKS);
  return Array.from(
    { length: count },
    (_, at) => batch * Math.min(size, sequence - at * size),
  );
}

/**
 * The loss of a piece of the tokens at a time. The logits of all pieces are made
 * first, in their own type, and stand together; what the loss makes of them is a
 * piece's.
 */
export function chunkedLoss(
  m: Machine,
  hidden: Value,
  head: AdaptedLinear,
  chunks: Chunks,
): TakenLoss {
  const pieces = split(m, hidden, chunks.rows.map((rows) => rows * head.in));
  const logits = pieces.map((piece, at) => {
    const rows = chunks.rows[at] ?? 0;
    const input = chunks.copies
      ? copied(m, piece, "hidden states of a chunk")
      : m.view(piece);
    const made = m.keep(adaptedLinear(m, input, rows, head, "logits"));
    m.drop(input);
    return made;
  });
  m.drop(...pieces);
  if (chunks.casts === "all") {
    const narrow = logits.splice(0);
    for (const each of narrow) {
      logits.push(m.keep(cast(m, each, "fp32", "logits in fp32")));
    }
    m.drop(...narrow);
  }
  const losses = logits.map((each, at) =>
    chunks.compiled
      ? compiledCrossEntropy(m, each, chunks.rows[at] ?? 0, chunks.scatters)
      : m.call(() => crossEntropy(m, cast(m, each, "fp32", "logits in fp32")))
  );
  return { loss: sumOf(m, losses), logits };
}
