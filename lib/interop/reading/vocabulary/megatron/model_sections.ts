import type { Draft } from "../../draft.ts";
import type { FileSettings, Rule } from "../../format.ts";
import { counted, switched } from "../../rules.ts";

/** Dimensions as NeMo and Megatron-Bridge name them, in a section. */
export function dimensionRules(section: string): Rule[] {
  const key = (name: string): string => `${section}.${name}`;
  return [
    counted(key("num_layers"), "model.dims.layers"),
    counted(key("hidden_size"), "model.dims.hidden_size"),
    counted(key("num_attention_heads"), "model.dims.attention_heads"),
    counted(key("num_query_groups"), "model.dims.kv_heads"),
    counted(key("kv_channels"), "model.dims.head_dim"),
    counted(key("ffn_hidden_size"), "model.dims.intermediate_size"),
    counted(
      key("max_position_embeddings"),
      "model.dims.max_position_embeddings",
    ),
    counted(
      [key("vocab_size"), key("override_vocab_size"), key("padded_vocab_size")],
      "model.dims.vocab_size",
    ),
    counted([key("num_moe_experts"), key("num_experts")], "model.dims.experts"),
    counted(key("moe_router_topk"), "model.dims.experts_per_token"),
    counted(
      key("moe_ffn_hidden_size"),
      "model.dims.expert_intermediate_size",
    ),
    switched(
      key("share_embeddings_and_output_weights"),
      "model.dims.tie_embeddings",
      true,
      false,
    ),
    switched(key("gated_linear_unit"), "model.dims.gated_mlp", true, false),
    {
      keys: [key("activation")],
      fields: ["model.dims.gated_mlp"],
      values: "swiglu, geglu and the like → true",
      read: (setting, draft) =>
        draft.state(
          setting,
          "model.dims.gated_mlp",
          /glu$/.test(String(setting.value)),
        ),
    },
  ];
}

/** Whether a section has the dimensions of a model. */
export function hasDimensions(all: FileSettings, section: string): boolean {
  return all.has(`${section}.num_layers`) || all.has(`${section}.hidden_size`);
}

/** Asks for the model where neither a name nor dimensions are given. */
export function wantModel(draft: Draft, why: string): void {
  const some = [...draft.stated.keys(), ...draft.assumed.keys()]
    .some((path) => path === "model" || path.startsWith("model.dims."));
  if (some) return;
  draft.want({
    kind: "field",
    name: "model",
    paths: ["model"],
    key: "model",
    reason: `${why}: give model`,
  });
}
