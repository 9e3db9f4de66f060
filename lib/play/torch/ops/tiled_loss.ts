import { MAX_CHUNKS } from "../../memory/limits.ts";
import { TapeFull } from "../../memory/tape.ts";
import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import type { AdaptedLinear } from "./adapted_linear.ts";
import { adaptedLinear } from "./adapted_linear.ts";
import { cast } from "./arithmetic.ts";
import { crossEntropy } from "./cross_entropy.ts";
import { handedOn } from "./handed_on.ts";

/** Bytes of fp32 logits of a tile. */
const TILE = 1024 ** 3;

/**
 * Head and loss of a tile of the tokens at a time, forward and at once backward:
 * the gradients of hidden states and of the head are there when the forward pass
 * ends.
 *
 * Sources: deepspeed/runtime/sequence_parallel/ulysses_sp.py, TiledFusedLogitsLoss;
 * ArcticTraining's sft_trainer.py for the size of a tile
 */
export function tiledLoss(
  m: Machine,
  hidden: Value,
  rows: number,
  head: AdaptedLinear,
): Value {
  return m.call(() => {
    const toHidden = hidden.source &&
      m.create(hidden.elements, hidden.dtype, "gradient of hidden states");
    const tiles = tilesOf(rows, Math.ceil(4 * rows * head.out / TILE));
    for (const [at, size] of tiles.entries()) {
      m.holdingBack(at < tiles.length - 1, () => {
        const input = m.input();
        const { outs, backward } = m.again(() => [
          m.call(() => {
            const piece = m.view(hidden, {
              elements: size * head.in,
              source: hidden.source && { node: input, slot: 0 },
            });
            const logits = adaptedLinear(m, piece, size, head, "logits");
            const wide = cast(m, logits, "fp32", "logits in fp32");
            return crossEntropy(m, wide);
          }),
        ]);
        backward([m.grad(null, 1, "fp32", "gradient of the loss")]);
        m.drop(...outs);
        // It was added to the gradient of all hidden states.
        const [given] = input.grads;
        if (given) m.free(given);
      });
    }
    const node = m.record(
      [hidden],
      [toHidden],
      (_, here) => [toHidden && handedOn(m, toHidden, here)],
    );
    return m.create(1, "fp32", "loss", node && { node, slot: 0 });
  });
}

/**
 * Rows of each of so many tiles: all but the last are as large.
 *
 * @throws {TapeFull} Of more tiles than are recorded.
 */
export function tilesOf(rows: number, count: number): number[] {
  if (count > MAX_CHUNKS) throw new TapeFull("tiles of the tokens", MAX_CHUNKS);
  const size = Math.ceil(rows / count);
  return Array.from(
    { length: Math.ceil(rows / size) },
    (_, at) => Math.min(size, rows - at * size),
  );
}
