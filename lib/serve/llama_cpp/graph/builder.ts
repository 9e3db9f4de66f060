import { extent, GgmlGraph, UNIT } from "../ggml/graph.ts";
import type { GgmlNode } from "../ggml/tensor.ts";
import type { CellsOf, GraphLayer, GraphPlan } from "./plan.ts";
import { sure } from "../ggml/sure.ts";

/** What a graph is given about a cache: where to write, and who sees whom. */
export interface CacheInputs {
  readonly keyIds: GgmlNode;
  readonly valueIds: GgmlNode | null;
  readonly mask: GgmlNode;
  readonly keyTurn: GgmlNode | null;
  readonly valueTurn: GgmlNode | null;
}

/** How a norm is computed. */
export type NormOp = "RMS_NORM" | "NORM";

/**
 * The pieces that llama.cpp's graphs are put together from.
 *
 * Source: ggml-org/llama.cpp v0.5.0 src/llama-graph.cpp, llm_graph_context
 */
export class GraphBuilder {
  readonly g = new GgmlGraph();
  readonly plan: GraphPlan;
  /** Positions; asked for where a graph first reads them. */
  readonly positions: GgmlNode;
  readonly outputIds: GgmlNode;
  /** By how much queries grow with their position: Llama 4. */
  readonly growth: GgmlNode;
  /** Whether some piece of it is like Llama's because the file's is not known. */
  isGuessed = false;
  readonly #weights = new Map<string, GgmlNode | null>();
  readonly #inputs = new Map<string, CacheInputs>();
  #states: { readonly main: GgmlNode; readonly extra: GgmlNode } | null = null;

  constructor(plan: GraphPlan, positionsOfToken = 1) {
    this.plan = plan;
    this.positions = this.g.input(
      extent(plan.tokens * positionsOfToken),
      UNIT.I32,
    );
    this.growth = this.g.input(extent(1, 1, plan.tokens), UNIT.F32);
    this.outputIds = this.g.input(extent(plan.outputs), UNIT.I32);
  }

  /** A weight by its name in the file; null where the model has none. */
  weight(stem: string, layer: number | null): GgmlNode | null {
    const key = `${layer ?? ""}.${stem}`;
    const before = this.#weights.get(key);
    if (before !== undefined) return before;
    const found = this.plan.weight(stem, layer);
    const tensor = found &&
      this.g.stored(
        found.ne,
        found.unit,
        { backend: found.backend, isWeight: true },
        found.deviceBytes,
      );
    this.#weights.set(key, tensor);
    return tensor;
  }

  /** Rows of the embedding, and the vectors that may be given instead. */
  embedded(scaled: boolean): GgmlNode {
    const { g, plan } = this;
    const table = this.weight("token_embd.weight", null) ??
      this.guessed(plan.hidden, plan.rowsOf("output", null), null);
    const tokens = g.input(extent(plan.tokens), UNIT.I32);
    const rows = g.expand(g.rows(table, tokens));
    g.expand(g.input(rows.ne, UNIT.F32));
    if (!scaled) return rows;
    return g.like("SCALE", rows);
  }

  /**
   * A norm with its weight and bias.
   *
   * A run computes it where its layer lies. What llama.cpp measures to print and to
   * fit a model, which is what this follows, forgets that (ggml_backend_sched_
   * reserve_size resets it): there, the first norm of a GPU is computed by the one
   * before it, and copied.
   *
   * @param layer Whose weights; null for those that stand once.
   */
  norm(
    x: GgmlNode,
    stem: string,
    layer: GraphLayer | null,
    op: NormOp = "RMS_NORM",
  ): GgmlNode {
    const { g } = this;
    const index = layer?.index ?? null;
    const weight = this.weight(`${stem}.weight`, index);
    const bias = this.weight(`${stem}.bias`, index);
    const normed = g.like(op, x);
    const weighted = weight ? g.like("MUL", normed, weight) : normed;
    return bias ? g.like("ADD", weighted, bias) : weighted;
  }

  /** A linear layer with its bias, where the file has one. */
  linear(stem: string, layer: number | null, x: GgmlNode): GgmlNode {
    const weight = this.weight(`${stem}.weight`, layer) ??
      this.guessed(x.ne[0], this.plan.rowsOf(stem, layer), layer);
    const product = this.g.matmul(weight, x);
    const bias = this.weight(`${stem}.bias`, layer);
    return bias ? this.g.like("ADD", product, bias) : product;
  }

  /** A matrix that a graph like Llama's has, and this file by no name that is known. */
  guessed(
    row: number,
    rows: number,
    layer: number | null,
    matrices = 1,
  ): GgmlNode {
    this.isGuessed = true;
    return this.g.stored(extent(row, rows, matrices), UNIT.F16, {
      backend: this.#backendOf(layer),
      isWeight: true,
    });
  }

  /** What the graph is given about a layer's cache, the same for all alike. */
  inputsOf(cache: CellsOf, isLatent = false): CacheInputs {
    const key = cache.isWindow ? "window" : "full";
    const before = this.#inputs.get(key);
    if (before) return before;
    const { g, plan } = this;
    const widest = Math.max(
      ...plan.layers.map(({ values }) => values.heads * values.width),
    );
    const turns = (width: number, isQuantised: boolean, all: boolean) => {
      if (isLatent || !isQuantised || width === 0 || width % 64 !== 0) {
        return null;
      }
      let side = 64;
      while (all && width % (2 * side) === 0) side *= 2;
      return g.input(extent(side, side), UNIT.F32);
    };
    const { keys, values } =
      plan.layers.find((layer) => layer.cache === cache) ??
        sure(plan.layers[0]);
    const inputs: CacheInputs = {
      keyIds: g.input(extent(plan.tokens), UNIT.I64),
      valueIds: isLatent
        ? null
        : g.input(extent(plan.tokens * (plan.isFlash ? 1 : widest)), UNIT.I64),
      mask: g.input(
        extent(cache.cells, plan.tokens / cache.streams, 1, cache.streams),
        plan.isFlash ? UNIT.F16 : UNIT.F32,
      ),
      keyTurn: turns(keys.width, plan.key.isQuantised, true),
      valueTurn: turns(values.width, plan.value.isQuantised, false),
    };
    this.#inputs.set(key, inputs);
    return inputs;
  }

  /** Which state each sequence begins with; the same two views for all layers. */
  stateIds(): { readonly main: GgmlNode; readonly extra: GgmlNode } {
    const { g, plan } = this;
    if (this.#states) return this.#states;
    const all = g.input(extent(plan.sequences), UNIT.I32);
    return this.#states = {
      main: g.view(all, extent(plan.sequences)),
      extra: g.view(all, extent(0)),
    };
  }

  /** Something that lies in a layer's cache or states. */
  memory(layer: GraphLayer, ne: readonly number[], unit: number): GgmlNode {
    const [a = 1, b = 1, c = 1, d = 1] = ne;
    return this.g.stored(extent(a, b, c, d), unit, {
      backend: layer.memory,
      isWeight: false,
    });
  }

  /** A small weight of a layer that transformers keeps as a buffer. */
  kept(ne: GgmlNode["ne"], layer: number): GgmlNode {
    const backend = this.#backendOf(layer);
    return this.g.stored(ne, UNIT.F32, { backend, isWeight: true });
  }

  #backendOf(layer: number | null): number {
    const found = this.plan.layers.find(({ index }) => index === layer);
    return found?.backend ?? this.plan.output;
  }

  /** Keeps the rows alone whose logits are asked for. */
  cut(x: GgmlNode): GgmlNode {
    return this.g.rows(x, this.outputIds);
  }
}
