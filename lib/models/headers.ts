import { layersWhere } from "./tensors/layer_ranges.ts";
import type { ModuleKind, Piece, Role, Tensor } from "./tensors/tensor.ts";

/** A tensor as a safetensors header lists it. */
export interface HeaderTensor {
  name: string;
  dtype: string;
  shape: readonly number[];
}

/** Roles by the last name of a module, as the families of the Hub call them. */
const ROLES: readonly [pattern: RegExp, role: Role][] = [
  [
    /(^|\.)(embed_tokens|wte|word_embeddings|embed_in|shared|embeddings|tok_embeddings)$/,
    "embedding",
  ],
  [/(^|\.)(wpe|embed_positions|position_embeddings?)$/, "position"],
  [/(^|\.)(lm_head|embed_out|output)$/, "head"],
  [/(norm|ln|layernorm|ln_\w+)\d*$/i, "norm"],
  [/(q_proj|wq|query|q_[ab]_proj)$/, "q"],
  [/(k_proj|wk|key)$/, "k"],
  [/(v_proj|wv|value)$/, "v"],
  [/(qkv|qkv_proj|query_key_value|c_attn|Wqkv|W_pack|wqkv)$/, "qkv"],
  [/(o_proj|out_proj|wo|attn\.c_proj|attention\.dense)$/, "o"],
  [/(gate_up_proj)$/, "gate_up"],
  [/(gate_proj|w1)$/, "gate"],
  [/(up_proj|w3|fc1|c_fc|dense_h_to_4h)$/, "up"],
  [/(down_proj|w2|fc2|c_proj|dense_4h_to_h)$/, "down"],
  [/(router|gate)$/, "router"],
  [/conv/, "conv"],
];

const COLUMNS = new Set<Role>([
  "q",
  "k",
  "v",
  "qkv",
  "gate",
  "up",
  "gate_up",
  "head",
  "embedding",
]);
const ROWS = new Set<Role>(["o", "down"]);

/**
 * Builds a model's tensors from its checkpoint's headers alone, whatever its
 * architecture: names that differ in the number of their layer become one. What
 * a tensor is for is read off its name.
 */
export function tensorsOfHeaders(headers: readonly HeaderTensor[]): Tensor[] {
  const stacks = new Map<
    string,
    { tensor: HeaderTensor; name: string; layers: Set<number> }
  >();
  for (const tensor of headers) {
    const { name, layer } = stackOf(tensor.name);
    const key = `${name} ${tensor.shape.join("x")}`;
    const stack = stacks.get(key) ??
      { tensor, name, layers: new Set<number>() };
    if (layer !== null) stack.layers.add(layer);
    stacks.set(key, stack);
  }
  return [...stacks.values()].map(({ tensor, name, layers }) => {
    const role = roleOf(name);
    const expert = /\.experts\./.test(name);
    const end = Math.max(-1, ...layers) + 1;
    return {
      name,
      shape: tensor.shape,
      role,
      piece: pieceOf(name, role),
      module: moduleOf(name, role, tensor.shape),
      layers: layers.size === 0
        ? null
        : layersWhere(end, (at) => layers.has(at)),
      split: COLUMNS.has(role)
        ? 0
        : ROWS.has(role)
        ? tensor.shape.length - 1
        : null,
      expert,
      quantized: tensor.shape.length >= 2 && role !== "head" &&
        role !== "embedding",
      dtype: null,
    };
  });
}

/** The first number in a name is that of its layer; those after it stay. */
function stackOf(name: string): { name: string; layer: number | null } {
  const match = name.match(/^(.*?\.)(\d+)(\..*)$/);
  if (!match) return { name, layer: null };
  const [, before = "", layer = "", after = ""] = match;
  return { name: `${before}N${after}`, layer: Number(layer) };
}

function roleOf(name: string): Role {
  const module = name.replace(/\.(weight|bias|qweight)$/, "");
  return ROLES.find(([pattern]) => pattern.test(module))?.[1] ?? "other";
}

function pieceOf(name: string, role: Role): Piece {
  if (/vision|visual|image_encoder/.test(name)) return "vision_tower";
  if (/audio/.test(name)) return "audio_tower";
  if (/projector|merger|connector/.test(name)) return "projector";
  if (role === "embedding") return "embeddings";
  return role === "head" ? "lm_head" : "language_model";
}

function moduleOf(
  name: string,
  role: Role,
  shape: readonly number[],
): ModuleKind {
  if (role === "norm") return "norm";
  if (role === "embedding" || role === "position") return "embedding";
  if (role === "conv") return "conv";
  return name.endsWith(".weight") && shape.length === 2
    ? "linear"
    : "parameter";
}
