/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { asksFor, errorsOf, post, send, unescaped } from "./imports.ts";
import { dangersOf } from "./markup.ts";
import { held, only, textOf, visit } from "./visit.ts";

const AXOLOTL =
  "base_model: meta-llama/Llama-2-7b-hf\nadapter: lora\nlora_r: 12\nmade_up: '<b>'\n";

Deno.test("POST /import shows what an answer lacks in the form", async () => {
  const { status, document } = await send({
    configuration:
      "--nproc_per_node 1 --num-layers 2 --hidden-size 64 --num-attention-heads 2 --micro-batch-size 1",
  });
  assertEquals(status, 200);
  assertEquals(held(document, "model.dims.layers"), "2");
  assertEquals(asksFor(document), ["given.model.dims.vocab_size"]);
  assertMatch(
    textOf(only(document, "#answer")),
    /needs model\.dims\.vocab_size/,
  );
});

const SCRIPT = `LAYERS=$1
torchrun --nproc_per_node 2 pretrain_gpt.py --num-layers $LAYERS --hidden-size 256 \\
  --num-attention-heads 8 --tensor-model-parallel-size $TP --vocab-size 1000 --bf16`;

Deno.test("POST /import asks for a script's variables, and reads it again with them", async () => {
  const { status, document, html } = await send({
    configuration: SCRIPT,
    scenario: "model=gpt2&hardware.gpu=H100-80GB",
  });
  assertEquals(status, 200);
  assertEquals(dangersOf(html), []);
  assertEquals(errorsOf(html), []);
  assertEquals(asksFor(document), ["given.LAYERS", "given.TP"]);
  const form = only(document, "form.missing");
  const fields = Object.fromEntries(
    [...form.querySelectorAll("input[type=hidden]")].map((each) => [
      each.getAttribute("name") ?? "",
      unescaped(each.getAttribute("value") ?? ""),
    ]),
  );
  const again = await send({
    ...fields,
    "given.LAYERS": "4",
    "given.TP": "2",
  });
  assertEquals(again.status, 200);
  assertEquals(held(again.document, "model.dims.layers"), "4");
  assertEquals(held(again.document, "parallel.tp"), "2");
  assertEquals(held(again.document, "hardware.gpu"), "H100-80GB");
  assert(only(again.document, "#answer .verdict"));
});

Deno.test("POST /import shows answers for 2, 4 and 8 GPUs where a sharded file says none", async () => {
  const { document, html } = await send({
    configuration: `{"zero_optimization": {"stage": 3}}`,
    model: "gpt2",
  });
  assertEquals(dangersOf(html), []);
  assertEquals(errorsOf(html), []);
  assertEquals(asksFor(document), ["given.parallel.gpus"]);
  const links = [...document.querySelectorAll("#answer .tried a")];
  assertEquals(links.map((link) => link.textContent), [
    "2 GPUs",
    "4 GPUs",
    "8 GPUs",
  ]);
  assertMatch(textOf(only(document, "#answer .tried")), /iB a GPU, fits/);
  const eight = await visit(
    (links[2]?.getAttribute("href") ?? "").replaceAll("&amp;", "&"),
  );
  assertEquals(held(eight.document, "parallel.gpus"), "8");
  assertEquals(held(eight.document, "engine.zero_stage"), "3");
});

Deno.test("POST /import keeps the GPU that was chosen on the page", async () => {
  const configuration = JSON.stringify({
    model: "gpt2",
    hardware: { gpu: "A100-40GB" },
  });
  const kept = await send({
    configuration,
    scenario: "model=gpt2&hardware.gpu=RTX 4090",
  });
  assertEquals(held(kept.document, "hardware.gpu"), "RTX 4090");
  const own = await send({ configuration, scenario: "model=gpt2" });
  assertEquals(held(own.document, "hardware.gpu"), "A100-40GB");
});

Deno.test("POST /import asks for the files that a command names", async () => {
  const { document } = await send({
    configuration: "axolotl train conf/lora.yml --micro-batch-size 3",
  });
  const form = only(document, "form.missing");
  assertMatch(textOf(form), /stand in conf\/lora\.yml, which is not given/);
  const texts = unescaped(
    only(document, "form.missing input[name=texts]").getAttribute("value") ??
      "",
  );
  const { document: read } = await send({ texts }, [
    new File([AXOLOTL], "lora.yml"),
  ]);
  assertEquals(held(read, "train.lora.rank"), "12");
  assertEquals(held(read, "train.micro_batch"), "3");
});

Deno.test("POST /api/v1/import lists what is missing, and takes it as given.NAME", async () => {
  const asked = await (await post("/api/v1/import", SCRIPT)).json();
  assertEquals(
    asked.missing.map(({ kind, name }: Record<string, string>) => [kind, name]),
    [["variable", "LAYERS"], ["variable", "TP"]],
  );
  const response = await post(
    "/api/v1/import?given.LAYERS=4&given.TP=2",
    SCRIPT,
  );
  const { missing, scenario } = await response.json();
  assertEquals(missing, []);
  assertEquals(scenario.parallel, { gpus: 2, tp: 2 });
  assertEquals(scenario.model.dims.layers, 4);
});
