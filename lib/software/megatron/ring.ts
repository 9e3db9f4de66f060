import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Value } from "../../play/torch/values.ts";
import type { Heads } from "../../play/torch/ops/attention/types.ts";

const KEYS = "keys and values";

/**
 * Attention of which keys and values go around ranks, as the last rank runs it:
 * each step's keys, values and output stand until the whole is put together. The
 * queries, the keys and values that came last, and the output are saved.
 *
 * Source: NVIDIA/TransformerEngine
 * transformer_engine/pytorch/attention/dot_product_attention/context_parallel.py,
 * AttnFuncWithCPAndKVP2P
 */
export function ringAttention(
  m: Machine,
  [q, k, v]: readonly [Value, Value, Value],
  { batch, queries, heads, valueWidth }: Heads,
  ranks: number,
): Value {
  return m.call(() => {
    const rows = batch * queries;
    const both = k.elements + v.elements;
    const width = rows * heads * valueWidth;
    const send = (what: string): void =>
      m.tape.exchange({
        collective: "send and receive",
        group: "context",
        bytes: both * DTYPE_BYTES[q.dtype],
        what,
      }, ranks - 1);
    send(KEYS);
    const around = Array.from(
      { length: ranks },
      () => m.create(both, q.dtype, "keys and values that go around"),
    );
    // Later ranks look at the whole of their queries in every step.
    const steps = around.flatMap(() => [
      m.create(width, q.dtype, "output of a step"),
      m.create(rows * heads, "fp32", "log-sums of a step"),
    ]);
    const sums = m.create(rows * heads, "fp32", "attention log-sums");
    const out = m.create(width, q.dtype, "attention output");
    const [last = q] = around.slice(-1);
    const node = m.record([q, k, v], [q, last, out, sums], () => {
      send(KEYS);
      send(`gradients of ${KEYS}`);
      return m.temporary(
        // Two buffers that go around, each of keys, values and their gradients.
        4 * both * DTYPE_BYTES[q.dtype],
        "keys, values and gradients that go around",
        () => {
          const given = [q, k, v].map((x) =>
            x.source && m.grad(x.source, x.elements, x.dtype, "ring gradient")
          );
          const ofStep = [q, k, v].map((x) =>
            m.grad(null, x.elements, x.dtype, "gradient of a step")
          );
          for (const grad of ofStep) m.free(grad);
          return given;
        },
      );
    });
    m.drop(...steps);
    out.source = node && { node, slot: 0 };
    return out;
  });
}
