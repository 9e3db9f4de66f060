import { assert, assertEquals } from "@std/assert";
import { estimate, estimateScenario, parseScenario } from "../../lib/mod.ts";
import { DEFAULT_TABLES } from "../../lib/ask/tables/config.ts";
import { opinionRows, scenarioOf } from "../../lib/ask/tables/opinions.ts";
import { usableOf } from "../../lib/ask/tables/recommendations.ts";
import { parseTablesSettings } from "../../lib/ask/tables/settings.ts";
import { DIALOGPT, settingsOf, tables } from "./tables.ts";

const gib = (bytes: number): string => (bytes / 1024 ** 3).toFixed(2);

Deno.test("tablesOf() gives the document's table, to the printed digits", () => {
  const { rows, parameters } = tables({ model: DIALOGPT, count: "dimensions" });
  assertEquals(parameters, 404_966_400);
  const printed = Object.fromEntries(
    rows.filter(({ with_scales }) => !with_scales).map((row) => [
      row.type,
      [
        row.total_bytes,
        row.inference_bytes,
        row.training_bytes,
        row.lora_bytes,
      ].map(gib).join(" "),
    ]),
  );
  assertEquals(printed, {
    fp32: "1.51 1.81 7.84 1.84",
    fp16: "0.75 0.91 3.92 0.94",
    bf16: "0.75 0.91 3.92 0.94",
    fp8: "0.38 0.45 1.96 0.48",
    int8: "0.38 0.45 1.96 0.48",
    int4: "0.19 0.23 0.98 0.26",
    mxfp4: "0.19 0.23 0.98 0.26",
    nvfp4: "0.19 0.23 0.98 0.26",
  });
});

Deno.test("tablesOf() puts the true bytes of MXFP4 and NVFP4 beside the rule's", () => {
  const { rows } = tables({ model: DIALOGPT, dtype: "mxfp4,nvfp4" });
  assertEquals(
    rows.map((row) => [row.type, row.with_scales, row.bytes_per_param]),
    [
      ["mxfp4", false, 0.5],
      ["mxfp4", true, 17 / 32],
      ["nvfp4", false, 0.5],
      ["nvfp4", true, 9 / 16],
    ],
  );
});

Deno.test("tablesOf() gives the document's strategies, to the printed digits", () => {
  const { strategies, chosen } = tables({
    model: DIALOGPT,
    count: "dimensions",
  });
  assertEquals(chosen.type, "bf16");
  assertEquals(
    strategies.slice(0, 11).map((each) =>
      `${each.name} ${each.tp} ${each.pp} ${each.ep} ${each.dp} ${
        gib(each.bytes_per_gpu)
      } ${each.least_gb}GB+`
    ),
    [
      "Single GPU 1 1 1 1 0.91 4GB+",
      "Tensor Parallel 2 1 1 1 0.45 4GB+",
      "Tensor Parallel 4 1 1 1 0.23 4GB+",
      "Tensor Parallel 8 1 1 1 0.11 4GB+",
      "Pipeline Parallel 1 2 1 1 0.45 4GB+",
      "Pipeline Parallel 1 4 1 1 0.23 4GB+",
      "Pipeline Parallel 1 8 1 1 0.11 4GB+",
      "TP + PP 2 2 1 1 0.23 4GB+",
      "TP + PP 2 4 1 1 0.11 4GB+",
      "TP + PP 4 2 1 1 0.11 4GB+",
      "TP + PP 4 4 1 1 0.06 4GB+",
    ],
  );
  assertEquals(
    strategies.slice(11).map(({ name, dp }) => [name, dp]),
    [2, 4, 8].map((dp) => ["Data Parallel", dp]),
  );
});

Deno.test("tablesOf() splits experts only where there are some", () => {
  const experts = (model: string) =>
    tables({ model }).strategies.filter(({ ep }) => ep > 1)
      .map(({ ep, bytes_per_gpu }) => [ep, gib(bytes_per_gpu)]);
  assertEquals(experts(DIALOGPT), []);
  const whole = tables({ model: "mistralai/Mixtral-8x7B-v0.1" });
  assertEquals(
    experts("mistralai/Mixtral-8x7B-v0.1"),
    [2, 4, 8].map((ep) => [ep, gib(whole.chosen.inference_bytes / ep)]),
  );
});

Deno.test("tablesOf() names no class of memory above 80 GB", () => {
  const [single] = tables({ model: "meta-llama/Llama-3.1-70B" }).strategies;
  assertEquals(single?.least_gb, null);
});

Deno.test("tablesOf() recommends the document's GPUs for its model", () => {
  const { recommendations } = tables({ model: DIALOGPT, count: "dimensions" });
  assertEquals(
    recommendations.slice(0, 4).map((each) =>
      `${each.gpu} ${each.memory_gb} ${each.inference} ${each.training} ${each.lora}`
    ),
    [
      "RTX 4090 24 true true true",
      "A100 40GB 40 true true true",
      "A100 80GB 80 true true true",
      "H100 80 true true true",
    ],
  );
});

Deno.test("tablesOf() says of a GPU that is too small that it is", () => {
  const [rtx4090] = tables({ model: "mistralai/Mistral-7B-v0.1" })
    .recommendations;
  assertEquals(
    [rtx4090?.inference, rtx4090?.training, rtx4090?.lora],
    [true, false, true],
  );
});

Deno.test("usableOf() takes what is stated, then what is known, then the label", () => {
  const gpu = { name: "RTX 4090", memory_gb: 24, category: "consumer" };
  assertEquals(usableOf({ ...gpu, memory_gib: 20 }), 20 * 1024 ** 3);
  const known = usableOf(gpu);
  assert(known < 24 * 1024 ** 3 && known > 23 * 1024 ** 3);
  // Somebody's own card of another size is not the catalogue's.
  assertEquals(usableOf({ ...gpu, memory_gb: 48 }), 48e9);
  assertEquals(usableOf({ ...gpu, name: "My own" }), 24e9);
});

Deno.test("parseTablesSettings() takes text and names what it refuses", () => {
  assertEquals(
    settingsOf({ model: "gpt2", dtype: "BF16 int4", lora_rank: "8" }),
    {
      model: "gpt2",
      dtype: ["bf16", "int4"],
      batch_size: 1,
      sequence_length: 2048,
      lora_rank: 8,
      count: "tensors",
    },
  );
  const refused = parseTablesSettings({
    model: "gpt2",
    dtype: "fp3",
    lora_rank: "0",
    rank: "1",
  }, DEFAULT_TABLES);
  assert(!refused.ok);
  assertEquals(refused.problems.map(({ message }) => message).sort(), [
    'dtype must be one of fp32, fp16, bf16, fp8, int8, int4, mxfp4, nvfp4: current value is "fp3"',
    'lora_rank must be at least 1: current value is "0"',
    "rank is not a field of a table",
  ]);
});

Deno.test("opinionRows() sets every method beside the rules, with batch and length", () => {
  const rows = (input: Record<string, unknown>) => {
    const settings = settingsOf({ model: DIALOGPT, ...input });
    const ask = (use: "inference" | "training" | "lora") => {
      const scenario = scenarioOf(use, settings);
      return {
        ok: true as const,
        value: estimateWithOpinions(scenario),
      };
    };
    return opinionRows({
      inference: ask("inference"),
      training: ask("training"),
      lora: ask("lora"),
    });
  };
  const one = rows({});
  const many = rows({ batch_size: 8 });
  const of = (name: string, from: typeof one) => {
    const row = from.find(({ method }) => method === name);
    assert(row);
    return row;
  };
  const rule = of("rule-of-thumb", one);
  const { chosen } = tables({ model: DIALOGPT });
  assertClose(rule.inference.bytes, chosen.inference_bytes);
  assertClose(rule.training.bytes, chosen.training_bytes);
  assertClose(rule.lora.bytes, chosen.lora_bytes);
  assertEquals(of("rule-of-thumb", many), rule);
  assert(
    Number(of("timeline", many).training.bytes) >
      Number(of("timeline", one).training.bytes),
  );
  assertEquals(of("multipliers", one).lora.reason, "it has no adapters");
});

function estimateWithOpinions(scenario: Parameters<typeof estimate>[0]) {
  const parsed = parseScenario(scenario);
  assert(parsed.ok);
  const result = estimateScenario(parsed.value, undefined, { opinions: true });
  assert(result.ok);
  return result.value;
}

/** Parts are rounded to whole bytes one by one. */
function assertClose(found: number | null, wanted: number): void {
  assert(Math.abs(Number(found) - wanted) <= 3, `${found} is not ${wanted}`);
}
