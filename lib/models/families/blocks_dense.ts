import type { ConfigReader } from "../tensors/config_reader.ts";
import type { TensorScope } from "../tensors/tensor_scope.ts";
import type { HeadSizes } from "./blocks.ts";
import { attentionTensors, gatedMlp, stackedExperts } from "./blocks.ts";
import type { Attention, FeedForward } from "./decoder.ts";

/** Attention whose projections all have biases if `attention_bias` says so. */
export function biasedAttention(usual = false): Attention {
  return (config, layer, heads) =>
    attentionTensors(layer, heads, {
      bias: config.flag("attention_bias", usual),
    });
}

/** The same, but the output never has a bias. */
export const inputBiasAttention: Attention = (config, layer, heads) =>
  attentionTensors(layer, heads, {
    bias: config.flag("attention_bias", false),
    outputBias: false,
  });

/** Adds a norm of one head's width to queries and to keys. */
export function headNorms(
  inner: Attention,
  names: readonly [string, string] = ["q_norm", "k_norm"],
): Attention {
  return (config, layer, heads) => {
    inner(config, layer, heads);
    for (const name of names) layer.norm(`self_attn.${name}`, heads.headDim);
  };
}

/** Adds a norm of all queries' width to queries, and of all keys' to keys. */
export function wideNorms(inner: Attention): Attention {
  return (config, layer, heads) => {
    inner(config, layer, heads);
    layer.norm("self_attn.q_norm", heads.heads * heads.headDim);
    layer.norm("self_attn.k_norm", heads.kvHeads * heads.headDim);
  };
}

/** A gated MLP with biases where a flag of the config says so. */
export function biasedMlp(flag = "mlp_bias"): FeedForward {
  return (config, layer, hidden) =>
    gatedMlp(layer, hidden, config.size("intermediate_size"), {
      bias: config.flag(flag, false),
    });
}

/** An MLP of an up and a down projection. */
export function upDown(
  flag: string,
  names: readonly [string, string] = ["up_proj", "down_proj"],
  usual = false,
): FeedForward {
  return (config, layer, hidden) => {
    const intermediate = config.size("intermediate_size");
    const bias = config.flag(flag, usual);
    const at = layer.scope("mlp");
    at.linear(names[0], hidden, intermediate, {
      role: "up",
      bias,
      cut: "column",
    });
    at.linear(names[1], intermediate, hidden, {
      role: "down",
      bias,
      cut: "row",
    });
  };
}

/** gate_up_proj as one matrix, and down_proj. */
export const fusedMlpTensors: FeedForward = (config, layer, hidden) => {
  const intermediate = config.size("intermediate_size");
  const at = layer.scope("mlp");
  at.linear("gate_up_proj", hidden, 2 * intermediate, {
    role: "gate_up",
    cut: "column",
  });
  at.linear("down_proj", intermediate, hidden, { role: "down", cut: "row" });
};

/** What experts may have besides their two matrices. */
export interface ExpertOptions {
  /** Where the experts are: "mlp" unless said. */
  name?: string;
  /** The keys of how many there are, and of their width. */
  countKeys?: [string, ...string[]];
  widthKeys?: [string, ...string[]];
  /** The router's name; a bare parameter unless `routerLinear`. */
  router?: string;
  routerLinear?: boolean;
  /** A buffer of one number an expert, for balancing. */
  correction?: string;
}

/** Experts with their router. */
export function expertTensors(options: ExpertOptions = {}): FeedForward {
  const {
    name = "mlp",
    countKeys = ["num_local_experts", "num_experts"],
    widthKeys = ["intermediate_size"],
    router = "gate",
    routerLinear = false,
    correction,
  } = options;
  return (config, layer, hidden) => {
    const count = config.size(...countKeys);
    const at = layer.scope(name);
    if (routerLinear) at.linear(router, hidden, count, { role: "router" });
    else at.parameter(`${router}.weight`, [count, hidden], { role: "router" });
    if (correction) at.buffer(correction, [count], 4);
    stackedExperts(at.scope("experts"), {
      experts: count,
      hidden,
      intermediate: config.size(...widthKeys),
    });
  };
}

/** Experts with others beside them that every token uses. */
export function withShared(
  routed: FeedForward,
  { name, width, bias = () => false }: {
    name: string;
    width: (config: ConfigReader) => number;
    bias?: (config: ConfigReader) => boolean;
  },
): FeedForward {
  return (config, layer, hidden) => {
    routed(config, layer, hidden);
    const intermediate = width(config);
    if (intermediate > 0) {
      gatedMlp(layer, hidden, intermediate, { name, bias: bias(config) });
    }
  };
}

/** The first `first_k_dense_replace` layers are dense. */
export function afterFirst(
  config: ConfigReader,
): (layer: number) => boolean {
  const dense = config.optional("first_k_dense_replace") ?? 0;
  return (layer) => layer >= dense;
}

/** Every nth layer is sparse, but for those named in `mlp_only_layers`. */
export function everyStep(
  config: ConfigReader,
): (layer: number) => boolean {
  const step = Math.max(1, config.optional("decoder_sparse_step") ?? 1);
  const dense = new Set(config.numbers("mlp_only_layers"));
  const none = config.optional("num_experts", "num_local_experts") === 0;
  return (layer) => !none && !dense.has(layer) && (layer + 1) % step === 0;
}

/** qkv_proj as one matrix, and o_proj. */
export function fusedAttention(
  layer: TensorScope,
  { hidden, heads, kvHeads, headDim }: HeadSizes,
): void {
  layer.linear("self_attn.qkv_proj", hidden, (heads + 2 * kvHeads) * headDim, {
    role: "qkv",
    cut: "column",
  });
  layer.linear("self_attn.o_proj", heads * headDim, hidden, {
    role: "o",
    cut: "row",
  });
}
