import { inEightBits, takesEightBits } from "./eight_bits.ts";
import { roundedBytes } from "../../play/memory/tape.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { Machine } from "../../play/torch/machine.ts";
import type { Grad, Value } from "../../play/torch/values.ts";
import { add, copied } from "../../play/torch/ops/arithmetic.ts";
import { gathered } from "../../play/torch/ops/gather.ts";
import { adaptedExperts } from "./adapters.ts";
import {
  EXPERT_WEIGHTS,
  gatheredFrom,
  moved,
  reduceScattered,
  sentToExperts,
  TO_EXPERTS,
} from "./exchanged.ts";
import { compiledActivation, mlp } from "./mlp.ts";
import { discarding, recomputed } from "./recompute.ts";
import { chosenExperts } from "./router.ts";
import type { ExpertsPart, MatrixPart, Shares } from "./shares.ts";
import { ownTokens } from "./shares.ts";

/**
 * Routed experts: tokens are sent to the ranks that have their experts, sorted by
 * expert, and sent back. Routing is taken to be even.
 *
 * Source: NVIDIA/Megatron-LM core 0.16.1
 * megatron/core/transformer/moe/moe_layer.py, MoELayer; token_dispatcher.py,
 * MoEAlltoAllTokenDispatcher
 */
export function megatronExperts(
  m: Machine,
  x: Value,
  part: ExpertsPart,
  shares: Shares,
): Value {
  const run = (input: Value) =>
    m.call(() => dispatched(m, input, part, shares));
  return m.within(
    "expert activations",
    () => shares.recomputed.has("moe") ? recomputed(m, [x], run) : run(x),
  );
}

function dispatched(
  m: Machine,
  x: Value,
  part: ExpertsPart,
  shares: Shares,
): Value {
  const rows = ownTokens(shares);
  const chosen = rows * part.perToken;
  const width = x.elements / rows;
  const shared = part.shared && sharedExpert(m, x, part, shares);
  const { weights, map } = chosenExperts(m, x, rows, part);
  const turned = copied(m, map, "map of tokens by expert");
  const places = m.create(chosen, "int64", "places of tokens");
  const byExpert = copied(m, weights, "expert weights by expert");
  const picked = pickedFrom(m, byExpert, turned, chosen);
  m.drop(byExpert, turned);
  const sent = gathered(m, x, chosen * width, 0, "tokens by expert");
  // Its variables hold what was sent and what came until the layer ends.
  const travels = part.ep > 1;
  const came = travels
    ? sentToExperts(m, sent, "tokens that came")
    : m.view(sent);
  const rates = travels
    ? sentToExperts(m, picked, "weights that came", EXPERT_WEIGHTS)
    : picked;
  const computed = expertOutputs(m, came, rates, part, shares);
  const back = travels
    ? replaced(m, computed, sentToExperts(m, computed, "tokens that came back"))
    : computed;
  // The dispatcher refers to the last three until it runs the next time.
  const kept = [places, weights, map];
  const summed = scattered(m, back, kept, x.elements);
  m.drop(back, ...kept);
  if (!shared) return summed;
  return add(m, summed, shared, "routed and shared experts");
}

/** routed_experts_compute: what comes is sorted, computed and sorted back. */
function expertOutputs(
  m: Machine,
  came: Value,
  rates: Value,
  { own, etp, fc1, fc2, fusesGradients: fuses }: ExpertsPart,
  shares: Shares,
): Value {
  return m.call(() => {
    const sorts = own > 1;
    let [tokens, weights] = [m.view(came), m.view(rates)];
    if (etp > 1) {
      tokens = replaced(m, tokens, gatheredFrom(m, tokens, etp, "tokens"));
      weights = replaced(
        m,
        weights,
        gatheredFrom(m, weights, etp, "weights", EXPERT_WEIGHTS),
      );
    }
    if (sorts) {
      tokens = replaced(m, tokens, moved(m, tokens, "tokens sorted by expert"));
      weights = replaced(m, weights, moved(m, weights, "weights sorted"));
    }
    const rows = tokens.elements / fc1.in;
    const computed = m.call(() => {
      const through = (x: Value, part: MatrixPart, label: string) =>
        adaptedExperts(
          m,
          x,
          grouped(m, x, rows, part, fuses, label),
          rows,
          part,
          { ranks: etp, isCutByRows: part === fc1, label },
        );
      const inner = through(tokens, fc1, "expert fc1");
      const run = (x: Value, by: Value) =>
        compiledActivation(m, x, rows * fc2.in, by);
      const made = shares.recomputed.has("moe_act")
        ? discarding(
          m,
          [inner, weights],
          (x, by) => [run(x as Value, by as Value)],
        )
        : {
          outs: [run(inner, weights)],
          discard: (later: Value) => later,
        };
      const [active = inner] = made.outs;
      const out = through(active, fc2, "expert fc2");
      return made.discard(out);
    });
    const unsorted = sorts
      ? moved(m, computed, "tokens in the order they came")
      : m.view(computed);
    if (etp === 1) return unsorted;
    return reduceScattered(
      m,
      unsorted,
      etp,
      "tokens of this rank",
      TO_EXPERTS,
      "expert tensor",
    );
  });
}

/**
 * All experts' products in one kernel. Their gradients are added to the buffer in
 * place, or are made one for each expert.
 *
 * Source: Transformer Engine transformer_engine/pytorch/module/grouped_linear.py,
 * _GroupedLinear
 */
function grouped(
  m: Machine,
  x: Value,
  rows: number,
  { name, in: width, out, weight }: MatrixPart,
  fuses: boolean,
  label: string,
): Value {
  const matrix = m.parameter(weight);
  const eight = takesEightBits(m) ? inEightBits(m, x, name) : null;
  const saved = eight?.saved ?? x;
  const run = <T>(body: () => T): T =>
    eight ? eight.withGradient(rows * out, body) : body();
  const node = m.record(
    [x, matrix],
    [matrix.source ? saved : null],
    () =>
      run(() => {
        const given: (Grad | null)[] = [
          m.grad(
            x.source,
            rows * width,
            x.dtype,
            `gradient at the input of ${name}`,
          ),
          null,
        ];
        if (!fuses && matrix.source) {
          given[1] = m.grad(
            matrix.source,
            weight.elements,
            weight.dtype,
            `${name} weight gradient`,
          );
        }
        return given;
      }),
  );
  if (eight) m.drop(eight.saved);
  return m.create(rows * out, x.dtype, label, node && { node, slot: 0 });
}

function sharedExpert(
  m: Machine,
  x: Value,
  { shared }: ExpertsPart,
  shares: Shares,
): Value {
  const run = (input: Value): Value =>
    shared
      ? mlp(m, input, shared, { ...shares, recomputed: NOTHING })
      : m.view(input);
  return shares.recomputed.has("shared_experts")
    ? recomputed(m, [x], run)
    : run(x);
}

const NOTHING: ReadonlySet<string> = new Set();

/** masked_select: its gradient is a whole tensor, filled by a count of the mask. */
function pickedFrom(
  m: Machine,
  x: Value,
  mask: Value,
  elements: number,
): Value {
  const node = m.record([x], [x, mask], () => {
    const whole = m.grad(x.source, x.elements, x.dtype, "gradient of weights");
    m.free(m.grad(null, x.elements, "int64", "count of the mask"));
    return [whole];
  });
  m.drop(m.create(2 * elements, "int64", "places of the mask"));
  return m.create(
    elements,
    x.dtype,
    "weights of the rows",
    node && { node, slot: 0 },
  );
}

/** zeros.scatter_add_(…): its gradient is gathered by the places that are kept. */
function scattered(
  m: Machine,
  x: Value,
  kept: readonly Value[],
  elements: number,
): Value {
  const node = m.record([x], kept, () => [
    m.grad(x.source, x.elements, x.dtype, "gradient of rows sent back"),
  ]);
  const source = node && { node, slot: 0 };
  return m.create(elements, x.dtype, "sums of experts", source);
}

/**
 * Bytes that a layer's dispatcher goes on to refer to once the layer has run back:
 * where tokens went, and with what weights. If the layer ran again for that, the
 * weights' graph holds what it began with, and its gradient.
 *
 * Source: megatron/core/transformer/moe/token_dispatcher.py,
 * MoEAlltoAllTokenDispatcher.dispatch_preprocess
 */
export function keptByDispatcher(
  { experts: all, perToken }: ExpertsPart,
  shares: Shares,
  { hidden, bytes, runsAgain }: {
    readonly hidden: number;
    /** Of an element of hidden states. */
    readonly bytes: number;
    readonly runsAgain: boolean;
  },
): number {
  const rows = ownTokens(shares);
  const again = runsAgain || shares.recomputed.has("moe");
  return [
    rows * all * bytes,
    rows * all,
    rows * perToken * DTYPE_BYTES.int64,
    ...(again ? [rows * hidden * bytes, rows * hidden * bytes] : []),
  ].reduce((sum, each) => sum + roundedBytes(each), 0);
}

function replaced(m: Machine, before: Value, after: Value): Value {
  m.drop(before);
  return after;
}
