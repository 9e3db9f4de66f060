import { assertEquals, assertStringIncludes } from "@std/assert";
import { copiesOf } from "../../../lib/models/tensors/tensor.ts";
import {
  checkpointOf,
  named,
  piecesOf,
  smallLlama,
  storedOf,
} from "./stored.ts";

Deno.test("EXL3's head has bits of its own", () => {
  const checkpoint = checkpointOf(
    smallLlama({ quant_method: "exl3", bits: 3, head_bits: 8 }),
  );
  assertEquals(piecesOf(checkpoint, "lm_head.weight")["trellis"], 524_288);
});

Deno.test("a head is packed where no list leaves it out", () => {
  const group = {
    targets: ["Linear"],
    weights: { num_bits: 8, type: "float", strategy: "tensor" },
    input_activations: { num_bits: 8, dynamic: true },
  };
  const settings = {
    quant_method: "compressed-tensors",
    config_groups: { group_0: group },
  };
  const packed = checkpointOf(smallLlama(settings));
  assertEquals(named(packed, "lm_head.weight")[0]?.format, "fp8");
  const left = checkpointOf(
    smallLlama({ ...settings, ignore: ["lm_head"] }),
  );
  assertEquals(named(left, "lm_head.weight")[0]?.format, "bf16");
});

Deno.test("layers that a list leaves out stand apart", () => {
  const checkpoint = checkpointOf(smallLlama({
    quant_method: "fbgemm_fp8",
    modules_to_not_convert: [
      "model.layers.0.mlp.down_proj",
      "model.layers.3.mlp.down_proj",
      "model.layers.0.self_attn",
    ],
  }));
  const down = named(checkpoint, "mlp.down_proj.weight");
  assertEquals(
    down.map(({ format, tensor }) => [format, copiesOf(tensor)]).sort(),
    [["bf16", 2], ["fp8", 2]],
  );
  const query = named(checkpoint, "self_attn.q_proj.weight");
  assertEquals(
    query.map(({ format, tensor }) => [format, copiesOf(tensor)]).sort(),
    [["bf16", 1], ["fp8", 3]],
  );
  assertEquals(named(checkpoint, "mlp.up_proj.weight").length, 1);
});

Deno.test("modules may have bits of their own", () => {
  const checkpoint = checkpointOf(smallLlama({
    quant_method: "gptq",
    bits: 4,
    group_size: 128,
    dynamic: {
      "-:.*\\.o_proj": {},
      "+:.*\\.layers\\.[01]\\..*down_proj": { bits: 8, group_size: 64 },
    },
  }));
  assertEquals(
    named(checkpoint, "self_attn.o_proj.weight").map(({ format }) => format),
    ["bf16"],
  );
  const down = named(checkpoint, "mlp.down_proj.weight");
  assertEquals(
    down.map(({ format, packing, tensor }) => [
      format,
      packing?.group,
      copiesOf(tensor),
    ]).sort(),
    [["gptq-int4", 128, 2], ["gptq-int8", 64, 2]],
  );
});

Deno.test("mixed precision names each module's algorithm", () => {
  const quantized_layers: Record<string, unknown> = {};
  for (let layer = 0; layer < 4; layer++) {
    for (const name of ["q_proj", "k_proj", "v_proj", "o_proj"]) {
      quantized_layers[`model.layers.${layer}.self_attn.${name}`] = {
        quant_algo: "FP8",
      };
    }
    quantized_layers[`model.layers.${layer}.mlp.down_proj`] = {
      quant_algo: "W4A16_NVFP4",
      group_size: 16,
    };
  }
  const checkpoint = checkpointOf(smallLlama({
    quantization: {
      quant_algo: "MIXED_PRECISION",
      kv_cache_quant_algo: "FP8",
      quantized_layers,
    },
  }));
  const format = (ending: string) => named(checkpoint, ending)[0]?.format;
  assertEquals(format("q_proj.weight"), "fp8");
  assertEquals(format("down_proj.weight"), "nvfp4");
  assertEquals(format("up_proj.weight"), "bf16");
  assertEquals(piecesOf(checkpoint, "k_proj.weight")["k_scale"], 4);
});

const WRONG: readonly [
  name: string,
  settings: Record<string, unknown>,
  message: string,
][] = [
  [
    "an unknown method",
    { quant_method: "magic" },
    'model.config.quantization_config.quant_method must be one of auto-round, awq, bitsandbytes, compressed-tensors, exl2, exl3, fbgemm_fp8, fp8, gptq, hqq, mlx, modelopt, mxfp4, quark, torchao: current value is "magic"',
  ],
  [
    "bits out of range",
    { quant_method: "gptq", bits: 99 },
    "model.config.quantization_config.bits must be a number from 1 to 8: current value is 99",
  ],
  [
    "a list that is none",
    { quant_method: "fp8", modules_to_not_convert: "lm_head" },
    'model.config.quantization_config.modules_to_not_convert must be a list of names: current value is "lm_head"',
  ],
  [
    "a block that is none",
    { quant_method: "fp8", weight_block_size: [128] },
    "model.config.quantization_config.weight_block_size must be two numbers from 1 to 65536: current value is [128]",
  ],
  [
    "an unknown algorithm",
    { quant_method: "modelopt", quant_algo: "FP2" },
    'model.config.quantization_config.quant_algo must be one of FP8, FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO, MXFP8, NVFP4, W4A16_NVFP4, W4A16_AWQ, W4A8_AWQ, INT8_SQ or MIXED_PRECISION: current value is "FP2"',
  ],
  [
    "a pattern that is none",
    { quant_method: "compressed-tensors", ignore: ["re:(["] },
    "model.config.quantization_config.ignore must",
  ],
];

for (const [name, settings, message] of WRONG) {
  Deno.test(`${name} is named`, () => {
    const stored = storedOf(smallLlama(settings));
    assertEquals(stored.ok, false);
    if (!stored.ok) {
      assertStringIncludes(stored.problems[0]?.message ?? "", message);
    }
  });
}
