import type { GgufModel, GgufWeight } from "../../formats/gguf/gguf_model.ts";
import { holdsLayer } from "../../models/tensors/layer_numbers.ts";
import type { GraphWeight } from "./graph/plan.ts";
import type { LayerPlacement } from "./placement.ts";

/** What stands under another name in files that transformers' names lead to. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  "blk.N.attn_norm.weight": ["blk.N.ln_mlp.weight"],
  "blk.N.attn_norm.bias": ["blk.N.ln_mlp.bias"],
  "blk.N.attn_norm_2.weight": ["blk.N.ln_attn.weight"],
  "blk.N.attn_norm_2.bias": ["blk.N.ln_attn.bias"],
  "blk.N.ffn_gate_inp.scale": ["blk.N.router.scale"],
  "blk.N.ffn_down_exps.scale": ["blk.N.router.per_expert_scale"],
  "blk.N.ssm_out.weight": ["blk.N.attn_output.weight"],
};

/** The weights of a GGUF file by where llama.cpp puts them. */
export class PlacedWeights {
  readonly gguf: GgufModel;
  readonly #placement: LayerPlacement;
  readonly #hostExperts: number;
  readonly #byName = new Map<string, GgufWeight[]>();

  /** @param hostExperts Of so many first layers experts stay on the host. */
  constructor(
    gguf: GgufModel,
    placement: LayerPlacement,
    hostExperts: number,
  ) {
    this.gguf = gguf;
    this.#placement = placement;
    this.#hostExperts = hostExperts;
    for (const weight of gguf.weights) {
      const same = this.#byName.get(weight.name);
      if (same) same.push(weight);
      else this.#byName.set(weight.name, [weight]);
    }
  }

  /** Bytes on each backend, the host's last. */
  bytes(): number[] {
    const { host, layers, output } = this.#placement;
    const bytes = Array.from({ length: host + 1 }, () => 0);
    const put = (weight: GgufWeight, at: number) => {
      const own = at === host ? weight.hostBytes : weight.deviceBytes;
      bytes[at] = (bytes[at] ?? 0) + own;
    };
    for (const weight of this.gguf.weights) {
      if (weight.place === "input") put(weight, host);
      else if (weight.place === "output") put(weight, output);
      else if (weight.place === "table") {
        for (const at of new Set(layers)) put(weight, at);
      } else if (weight.layers === null) {
        // llama.cpp says of what stands once that it is the first layer's.
        put(weight, layers[0] ?? output);
      } else {
        for (const [layer, at] of layers.entries()) {
          if (holdsLayer(weight.layers, layer)) {
            put(weight, this.#isLeft(weight, layer) ? host : at);
          }
        }
      }
    }
    const embedding = this.gguf.tied
      ? this.#find("token_embd.weight", null)
      : null;
    if (embedding) put(embedding, output);
    return bytes;
  }

  /** Whether `--n-cpu-moe` leaves a tensor to the host. */
  #isLeft({ expert }: GgufWeight, layer: number): boolean {
    return expert && layer < this.#hostExperts;
  }

  /** A weight as a graph reads it; null where the file has none. */
  weight(name: string, layer: number | null): GraphWeight | null {
    const { host, layers, output } = this.#placement;
    const isTiedHead = name === "output.weight" && this.gguf.tied;
    const found = this.#find(isTiedHead ? "token_embd.weight" : name, layer);
    if (!found) return null;
    const backend = isTiedHead || found.place === "output"
      ? output
      : found.place === "input"
      ? host
      : this.#isLeft(found, layer ?? 0)
      ? host
      : layers[layer ?? 0] ?? host;
    const { row, rows, matrices, bytes, deviceBytes } = found;
    return {
      ne: [row, rows / matrices, matrices, 1],
      unit: bytes / (row * rows),
      deviceBytes,
      backend,
    };
  }

  #find(name: string, layer: number | null): GgufWeight | null {
    for (const stem of [name, ...(ALSO[name] ?? [])]) {
      const found = this.#byName.get(stem)?.find(({ layers }) =>
        layer === null || layers === null || holdsLayer(layers, layer)
      );
      if (found) return found;
    }
    return null;
  }

  /**
   * What tells layers of the model apart for a graph: the tensors that they have,
   * and of those on the host how they are stored.
   */
  kindsOfLayers(): string[] {
    const { host, layers } = this.#placement;
    return layers.map((backend, layer) => {
      let kind = String(backend);
      for (const [at, weight] of this.gguf.weights.entries()) {
        if (weight.layers === null || !holdsLayer(weight.layers, layer)) {
          continue;
        }
        const isLeft = this.#isLeft(weight, layer);
        kind += backend === host || isLeft ? `|h${at}` : `|${weight.name}`;
      }
      return kind;
    });
  }
}
