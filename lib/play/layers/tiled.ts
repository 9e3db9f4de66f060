import type { Machine } from "../torch/machine.ts";
import type { Value } from "../torch/values.ts";
import { tilesOf } from "../torch/ops/tiled_loss.ts";

/**
 * Code that is run a tile of the tokens at a time: it saves what it read alone, and
 * runs again, a tile forward and backward after the other, in the backward pass.
 *
 * Source: deepspeed/runtime/sequence_parallel/ulysses_sp.py, TiledMLP
 *
 * @param body Of so many rows, as wide as what it gives.
 */
export function tiled(
  m: Machine,
  x: Value,
  rows: number,
  count: number,
  body: (x: Value, rows: number) => Value,
): Value {
  const tiles = tilesOf(rows, count);
  const width = x.elements / rows;
  return m.call(() => {
    const pieces = withoutGraph(
      m,
      () =>
        tiles.map((size) =>
          m.call(() => body(m.view(x, { elements: size * width }), size))
        ),
    );
    const out = m.create(x.elements, x.dtype, "output of all tiles");
    m.drop(...pieces);
    const node = m.record([x], [x], ([grad]) => {
      const whole = m.grad(
        x.source,
        x.elements,
        x.dtype,
        "gradient of what tiles read",
      );
      for (const [at, size] of tiles.entries()) {
        m.holdingBack(at < tiles.length - 1, () => {
          const input = m.input();
          const elements = size * width;
          const { outs, backward } = withoutAutocast(
            m,
            () =>
              m.again(() => [
                m.call(() =>
                  body(
                    m.view(x, { elements, source: { node: input, slot: 0 } }),
                    size,
                  )
                ),
              ]),
          );
          backward([grad ? { ...m.share(grad), elements } : null]);
          m.drop(...outs);
          // It was added to the gradient of the whole.
          const [given] = input.grads;
          if (given) m.free(given);
        });
      }
      return [whole];
    });
    out.source = node && { node, slot: 0 };
    return out;
  });
}

/** Autocast stands around the forward pass alone, and tiles run again after it. */
function withoutAutocast<T>(m: Machine, body: () => T): T {
  const before = m.autocast;
  m.autocast = null;
  const result = body();
  m.autocast = before;
  return result;
}

function withoutGraph<T>(m: Machine, body: () => T): T {
  const before = m.recording;
  m.recording = false;
  const result = body();
  m.recording = before;
  return result;
}
