import { assertEquals } from "@std/assert";
import { FAMILIES } from "../../lib/models/families/mod.ts";
import { ConfigReader } from "../../lib/models/tensors/config_reader.ts";
import { copiesOf, elementsOf } from "../../lib/models/tensors/tensor.ts";
import { TensorScope } from "../../lib/models/tensors/tensor_scope.ts";

const CHATGLM = {
  hidden_size: 4096,
  ffn_hidden_size: 13_696,
  kv_channels: 128,
  num_attention_heads: 32,
  multi_query_attention: true,
  multi_query_group_num: 2,
  add_qkv_bias: true,
  add_bias_linear: false,
  rmsnorm: true,
  post_layer_norm: true,
  tie_word_embeddings: false,
};

/** Totals that are known of models whose code is not in transformers. */
const KNOWN: [
  type: string,
  name: string,
  total: number,
  config: Record<string, unknown>,
][] = [
  ["minicpm", "MiniCPM-2B", 2_724_880_896, {
    hidden_size: 2304,
    intermediate_size: 5760,
    num_attention_heads: 36,
    num_hidden_layers: 40,
    num_key_value_heads: 36,
    vocab_size: 122_753,
  }],
  ["internlm2", "internlm2-7b", 7_737_708_544, {
    bias: false,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_attention_heads: 32,
    num_hidden_layers: 32,
    num_key_value_heads: 8,
    tie_word_embeddings: false,
    vocab_size: 92_544,
  }],
  ["baichuan", "Baichuan-7B", 7_000_559_616, {
    hidden_size: 4096,
    intermediate_size: 11_008,
    max_position_embeddings: 4096,
    num_attention_heads: 32,
    num_hidden_layers: 32,
    tie_word_embeddings: false,
    vocab_size: 64_000,
  }],
  ["chatglm", "chatglm3-6b", 6_243_584_000, {
    ...CHATGLM,
    num_layers: 28,
    padded_vocab_size: 65_024,
  }],
  ["chatglm", "glm-4-9b", 9_399_951_360, {
    ...CHATGLM,
    num_layers: 40,
    padded_vocab_size: 151_552,
  }],
  ["chatglm", "chatglm-6b", 6_173_286_400, {
    hidden_size: 4096,
    inner_hidden_size: 16_384,
    num_attention_heads: 32,
    num_layers: 28,
    vocab_size: 130_528,
  }],
];

for (const [type, name, total, fields] of KNOWN) {
  Deno.test(`${type}: ${name} has its known total`, () => {
    const config = new ConfigReader(fields);
    const scope = new TensorScope();
    FAMILIES[type]?.(config, scope);
    assertEquals(config.problems, []);
    assertEquals(
      scope.tensors.reduce(
        (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
        0,
      ),
      total,
    );
  });
}
