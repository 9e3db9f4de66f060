import type { Dtype } from "../torch/dtype.ts";
import type { Machine } from "../torch/machine.ts";
import type { ActivationKind } from "../torch/ops/activations.ts";
import { activation } from "../torch/ops/activations.ts";
import type { AdaptedLinear } from "../torch/ops/adapted_linear.ts";
import { adaptedLinear } from "../torch/ops/adapted_linear.ts";
import { add, cast, copied, join, slice } from "../torch/ops/arithmetic.ts";
import { dropout } from "../torch/ops/dropout.ts";
import { embedding } from "../torch/ops/embedding.ts";
import { linear } from "../torch/ops/linear.ts";
import type { Norm } from "../torch/ops/norms.ts";
import { norm } from "../torch/ops/norms.ts";
import type { Parameter, Value } from "../torch/values.ts";

/** What stands before the layers of a tower of CLIP's build. */
export interface PatchEntry {
  /** Rows of all images in the tower, and their features. */
  readonly rows: number;
  readonly width: number;
  readonly pixels: { readonly elements: number; readonly dtype: Dtype };
  readonly patches: {
    readonly weight: Parameter;
    readonly bias: Parameter | null;
    /** Rows that the convolution yields. */
    readonly rows: number;
  };
  /** What is added to each image's rows. */
  readonly positions: {
    readonly parameter: Parameter;
    /** Whether rows of a table are looked up by their numbers. */
    readonly lookedUp: boolean;
    /** Whether rows are looked up for each image, not once for all. */
    readonly ofEach?: boolean;
  } | null;
  /** Whether a learned row stands before each image's. */
  readonly classToken: boolean;
  /** CLIP's norm before the layers. */
  readonly preNorm: Norm | null;
  readonly dropout: number;
}

/** What stands before and behind them. */
export interface PlainSight extends PatchEntry {
  readonly finalNorm: Norm | null;
  readonly projector: ProjectorPlan;
  /** Tokens of all images before the language model. */
  readonly tokens: number;
}

/** From the tower's last rows to tokens of the language model. */
export interface ProjectorPlan {
  /** Patches that become one token. */
  readonly joins: number;
  /** What that takes: their mean of a copy, a copy, or another view. */
  readonly makes: "means" | "a copy" | "nothing";
  readonly norm: Norm | null;
  readonly normRows: number;
  readonly linears: readonly AdaptedLinear[];
  readonly activation: ActivationKind;
}

/**
 * Patches with their positions.
 *
 * @param lead Asks for the patches' gradient though no weight before them trains.
 */
export function embeddedPatches(
  m: Machine,
  pixels: Value,
  plan: PatchEntry,
  lead: (patches: Value) => void = () => {},
): Value {
  const { weight, bias, rows } = plan.patches;
  const [out = 1] = weight.shape;
  const own = cast(m, pixels, weight.dtype, "pixels in the tower's type");
  let x = linear(m, own, rows, {
    name: "patch embedding",
    in: plan.pixels.elements / rows,
    out,
    weight,
    bias,
  }, "patches");
  const replace = (next: Value) => {
    m.drop(x);
    x = next;
  };
  m.drop(own);
  lead(x);
  if (plan.classToken) {
    const first = m.external(
      plan.rows * plan.width - x.elements,
      x.dtype,
      "class token",
      null,
    );
    replace(join(m, [first, x], "patches with class token"));
  }
  if (plan.positions) {
    const { parameter, lookedUp } = plan.positions;
    const added = lookedUp
      ? lookUp(
        m,
        plan,
        plan.positions.ofEach ? plan.rows : parameter.shape[0] ?? 1,
      )
      : m.parameter(parameter);
    replace(add(m, x, added, "patches with positions"));
    m.drop(added);
  }
  replace(dropout(m, x, plan.dropout, "patches"));
  if (plan.preNorm) {
    replace(norm(m, x, plan.rows, plan.preNorm, "norm before the tower"));
  }
  return x;
}

function lookUp(m: Machine, { positions }: PatchEntry, rows: number): Value {
  const table = positions?.parameter;
  if (!table) throw new RangeError("a tower without a table of positions");
  return m.call(() => {
    const places = m.create(rows, "int64", "places of patches");
    return embedding(m, table, places, rows, "position embeddings");
  });
}

/** The tower's last norm, its rows side by side, and the projector. */
export function projectedPatches(
  m: Machine,
  x: Value,
  plan: PlainSight,
): Value {
  const { linears, activation: kind, norm: own, normRows } = plan.projector;
  return m.call(() => {
    const seen = plan.finalNorm
      ? norm(m, x, plan.rows, plan.finalNorm, "tower norm")
      : m.view(x);
    const rows = plan.tokens;
    return m.call(() => {
      let current = toTokens(m, seen, plan);
      const replace = (next: Value) => {
        m.drop(current);
        current = next;
      };
      if (own) replace(norm(m, current, normRows, own, "projector norm"));
      for (const [at, layer] of linears.entries()) {
        if (at > 0) replace(activation(m, current, kind, "projector"));
        replace(adaptedLinear(m, current, rows, layer));
      }
      return current;
    });
  });
}

/** Patches put together as tokens. */
function toTokens(m: Machine, x: Value, plan: PlainSight): Value {
  const { joins, makes } = plan.projector;
  return m.call(() => {
    const patches = plan.patches.rows * plan.width;
    const own = plan.classToken
      ? copied(m, slice(m, x, patches), "patches without class token")
      : m.view(x);
    if (joins === 1 || makes === "nothing") return own;
    const copy = copied(m, own, "patches side by side");
    if (makes === "a copy") return copy;
    const node = m.record([copy], [copy], () => [
      m.grad(copy.source, copy.elements, copy.dtype, "gradient of means"),
    ]);
    return m.create(
      copy.elements / joins,
      copy.dtype,
      "means of patches",
      node && { node, slot: 0 },
    );
  });
}
