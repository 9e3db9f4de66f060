type Config = Readonly<Record<string, unknown>>;

/**
 * How a fused projection is cut into queries, keys and values.
 *
 * - `split`: three views of one cut.
 * - `slices`: three views, each with a gradient of the whole.
 * - `picked`: keys and values are picked by index, which copies; one head of them
 *   is for all queries.
 * - `grouped`: the same for each group of queries, and all three are copied head
 *   by head.
 */
export type FusedLayout = "split" | "slices" | "picked" | "grouped";

/**
 * The layout of a model type.
 *
 * Source: huggingface/transformers models/phi3/modeling_phi3.py;
 * models/falcon/modeling_falcon.py, FalconAttention._split_heads
 */
export function fusedLayoutOf(type: string, config: Config): FusedLayout {
  if (type === "phi3") return "slices";
  if (type !== "falcon") return "split";
  if (config["new_decoder_architecture"] === true) return "grouped";
  return config["multi_query"] === false ? "slices" : "picked";
}
