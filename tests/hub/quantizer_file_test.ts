import { assert, assertEquals } from "@std/assert";
import { openHub } from "../../hub/mod.ts";
import { startFakeHub } from "./fake_hub.ts";

const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  vocab_size: 320,
};

Deno.test("openHub() reads how ModelOpt packed a checkpoint beside its config", async () => {
  const said = { quantization: { quant_algo: "FP8" } };
  const raw = {
    "hf_quant_config.json": new TextEncoder().encode(JSON.stringify(said)),
  };
  const own = { ...CONFIG, quantization_config: { quant_method: "gptq" } };
  await using hub = startFakeHub({
    "a/packed": { config: CONFIG, raw },
    "a/both": { config: own, raw },
  });
  const opened = openHub(hub);
  const packed = await opened.model("a/packed");
  assert(packed.ok);
  assertEquals(packed.value.config?.["hf_quant_config"], said);
  assertEquals(hub.asked.length, 3);
  const both = await opened.model("a/both");
  assert(both.ok);
  assertEquals(both.value.config?.["hf_quant_config"], undefined);
});
