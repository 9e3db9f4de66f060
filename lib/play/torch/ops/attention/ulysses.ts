import { DTYPE_BYTES } from "../../dtype.ts";
import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";
import { copied } from "../arithmetic.ts";
import { liesByToken } from "./sdpa.ts";
import type { AttentionSettings, Heads } from "./types.ts";

type Attend = (
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
  settings: AttentionSettings,
) => Value;

/**
 * Attention of whole sequences to a share of the heads: ranks that hold a part of a
 * sequence each give away heads for tokens, attend, and give the tokens back.
 *
 * Source: deepspeed/runtime/sequence_parallel/ulysses_sp.py, UlyssesSPAttentionHF;
 * deepspeed/sequence/layer.py, _dim_zero_all_to_all
 */
export function ulyssesAttention(
  m: Machine,
  heads: readonly [Value, Value, Value],
  sizes: Heads,
  { context: _, ...settings }: AttentionSettings,
  ranks: number,
  attend: Attend,
): Value {
  return m.call(() => {
    const own = sharedSizes(sizes, ranks);
    // Sequences' tokens and heads lie in the same order where there is one of them.
    const isPlain = (count: number) => sizes.batch === 1 && count === 1;
    const rows = sizes.batch * sizes.queries;
    m.create(rows * ranks, "int64", "positions of each rank");
    m.create(rows * ranks, "int64", "positions of all ranks");
    const whole = heads.map((each, at) =>
      m.call(() => {
        const repeats = at === 0 ? 1 : Math.max(1, ranks / sizes.kvHeads);
        const wide = repeats === 1 ? each : repeated(m, each, repeats);
        const sent = copied(m, wide, "heads by rank");
        if (wide !== each) m.drop(wide);
        const count = at === 0 ? own.heads : own.kvHeads;
        return exchanged(m, sent, "heads of all tokens", !isPlain(count));
      })
    );
    const ordered = whole.map((each, at) => {
      const count = at === 0 ? own.heads : own.kvHeads;
      const next = isPlain(count)
        ? m.view(each)
        : copied(m, each, "heads of all tokens by head");
      m.drop(each);
      return next;
    }) as [Value, Value, Value];
    const out = attend(m, ordered, own, settings);
    const given = byToken(m, out, sizes, own, settings);
    m.drop(out);
    const part = m.call(() => {
      // A batch's tokens come first, whatever the kernel's order.
      const sent = settings.implementation === "sdpa" && sizes.batch > 1
        ? copied(m, given, "attention output by token of the batch")
        : m.view(given);
      const got = exchanged(m, sent, "attention output of all heads", true);
      return copied(m, got, "attention output by token");
    });
    if (sizes.batch === 1) return part;
    return copied(m, part, "attention output by sequence");
  });
}

/** What a rank attends with: all tokens, a share of the heads, at least one. */
function sharedSizes(sizes: Heads, ranks: number): Heads {
  return {
    ...sizes,
    queries: sizes.queries * ranks,
    keys: sizes.keys * ranks,
    heads: sizes.heads / ranks,
    kvHeads: Math.max(1, sizes.kvHeads / ranks),
  };
}

function byToken(
  m: Machine,
  out: Value,
  { batch }: Heads,
  { heads }: Heads,
  { implementation, masked }: AttentionSettings,
): Value {
  const isOrdered = (batch === 1 && heads === 1) ||
    liesByToken(implementation, masked, out.dtype);
  return isOrdered ? m.view(out) : copied(m, out, "attention output by token");
}

/** Heads of keys or values that more ranks than heads have one each of. */
function repeated(m: Machine, x: Value, times: number): Value {
  const node = m.record(
    [x],
    [],
    () => [m.grad(x.source, x.elements, x.dtype, "gradient of repeated heads")],
  );
  return m.create(
    x.elements * times,
    x.dtype,
    "repeated heads",
    node && { node, slot: 0 },
  );
}

/**
 * What other ranks sent for x.
 *
 * @param copies Whether its gradient comes in another order, and is copied first.
 */
function exchanged(
  m: Machine,
  x: Value,
  label: string,
  copies: boolean,
): Value {
  const { source, elements, dtype } = x;
  const send = (): void =>
    m.tape.exchange({
      collective: "all-to-all",
      group: "context",
      bytes: elements * DTYPE_BYTES[dtype],
      what: "heads for tokens and tokens for heads",
    });
  send();
  const node = m.record([x], [], () => {
    send();
    const sent = copies
      ? m.grad(null, elements, dtype, `gradient of ${label} by rank`)
      : null;
    const got = source &&
      m.grad(source, elements, dtype, `gradient of ${label}`);
    if (sent) m.free(sent);
    return [got];
  });
  return m.create(elements, dtype, label, node && { node, slot: 0 });
}
