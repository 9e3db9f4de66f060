import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  estimate,
  findPreset,
  GIB,
  readCalculatorConfig,
} from "../../lib/mod.ts";
import type { Estimate, ScenarioInput } from "../../lib/mod.ts";
import program from "../truth/engine_formulas.json" with { type: "json" };
import { assertOk } from "./results.ts";

/** The program's output fields of a training run, in GiB. */
interface Golden {
  total: number;
  params: number;
  grads: number;
  opt: number;
  act: number;
  ovh: number;
  /** Host memory over all nodes. */
  cpu: number;
  fits: boolean;
  util: number;
  /** The micro batch that it recommends where a run does not fit. */
  rec_bs: number | null;
}

/** Of serving the base's model. */
interface ServeGolden {
  total: number;
  params: number;
  kv: number;
  act: number;
  ovh: number;
  fits: boolean;
  max_bs: number | null;
  util: number;
}

type Serve = NonNullable<ScenarioInput["serve"]>;

/** What the program gave, and the configurations that it was given. */
const { base: BASE, half_batch: HALF_BATCH, ...FIGURES } = program as {
  base: {
    training: Record<string, unknown>;
    parallelism: Record<string, unknown>;
  };
  presets: Record<string, Golden>;
  configs: Record<string, Golden>;
  /** Settings of a configuration that differ from the base's. */
  variants: {
    name: string;
    settings: Partial<
      Record<"training" | "parallelism" | "engine", Record<string, unknown>>
    >;
    golden: Golden;
  }[];
  half_batch: Golden;
  levels: { level: number; activations: number; total: number }[];
  served: {
    engine: NonNullable<Serve["engine"]>;
    batch: number;
    kv_dtype: NonNullable<Serve["kv_dtype"]>;
    tp: number;
    golden: ServeGolden;
  }[];
};

/** The program prints six decimals. */
const DIGITS = 1e-6;

function ofConfig(config: unknown): Estimate {
  const read = readCalculatorConfig(config);
  assertOk(read);
  return estimate({ ...read.value.scenario, method: "engine-formulas" });
}

function gibOf({ memory }: Estimate, name: string): number {
  return (memory.parts.find((part) => part.name === name)?.bytes ?? 0) / GIB;
}

function recommended({ warnings }: Estimate): number | null {
  const found = warnings.map((line) =>
    line.match(/recommends train\.micro_batch = (\d+)/)?.[1]
  ).find((text) => text !== undefined);
  return found === undefined ? null : Number(found);
}

function assertGolden(found: Estimate, golden: Golden): void {
  assertEquals(found.method, "engine-formulas");
  const [own] = found.fit;
  assert(own);
  const { gpus, gpus_per_node } = found.scenario.parallel;
  const nodes = Math.ceil(gpus / gpus_per_node);
  const pairs: [name: string, found: number, golden: number][] = [
    ["weights", gibOf(found, "weights"), golden.params],
    ["gradients", gibOf(found, "gradients"), golden.grads],
    ["optimizer states", gibOf(found, "optimizer states"), golden.opt],
    ["activations", gibOf(found, "activations"), golden.act],
    ["overhead", gibOf(found, "overhead"), golden.ovh],
    ["host", (found.host.peak_bytes ?? 0) * nodes / GIB, golden.cpu],
    ["total", found.memory.device_peak_bytes / GIB, golden.total],
  ];
  for (const [name, value, wanted] of pairs) {
    assertAlmostEquals(value, wanted, DIGITS, name);
  }
  assertEquals(own.fits, golden.fits);
  assertAlmostEquals(100 * own.utilization, golden.util, 1e-3, "utilization");
  assertEquals(recommended(found), golden.rec_bs);
}

for (const [id, golden] of Object.entries(FIGURES.presets)) {
  Deno.test(`engineFormulas() gives the program's figures: preset ${id}`, () => {
    assertGolden(ofConfig(findPreset(id)?.config), golden);
  });
}

for (const [path, golden] of Object.entries(FIGURES.configs)) {
  Deno.test(`engineFormulas() gives the program's figures: ${path}`, async () => {
    const text = await Deno.readTextFile(
      new URL(`../../${path}`, import.meta.url),
    );
    assertGolden(ofConfig(JSON.parse(text)), golden);
  });
}

for (const { name, settings, golden } of FIGURES.variants) {
  Deno.test(`engineFormulas() gives the program's figures: ${name}`, () => {
    assertGolden(
      ofConfig({
        ...BASE,
        training: { ...BASE.training, ...settings.training },
        parallelism: { ...BASE.parallelism, ...settings.parallelism },
        engine: { ...settings.engine },
      }),
      golden,
    );
  });
}

Deno.test("engineFormulas() gives the program's figures: 1B at half the batch", async () => {
  const text = await Deno.readTextFile(
    new URL("../../configs/pytorch_ddp_example.json", import.meta.url),
  );
  const config = JSON.parse(text);
  config.training.batch_size = 4;
  assertGolden(ofConfig(config), HALF_BATCH);
});

for (const { level, activations, total } of FIGURES.levels) {
  Deno.test(`engineFormulas() gives the program's figures: checkpointing level ${level}`, () => {
    const found = ofConfig({
      ...BASE,
      training: { ...BASE.training, activation_checkpointing: level },
      parallelism: {},
    });
    assertAlmostEquals(gibOf(found, "activations"), activations, DIGITS);
    const peak = found.memory.device_peak_bytes / GIB;
    assertAlmostEquals(peak, total, DIGITS);
  });
}

for (const { engine, batch, kv_dtype, tp, golden } of FIGURES.served) {
  Deno.test(`engineFormulas() gives the program's figures: ${engine} serves ${batch}, ${kv_dtype} cache, tp ${tp}`, () => {
    const read = readCalculatorConfig(BASE);
    assert(read.ok);
    const found = estimate({
      model: read.value.scenario.model,
      task: "serve",
      serve: {
        engine,
        batch,
        kv_dtype,
        input_tokens: 4096,
        output_tokens: 0,
      },
      parallel: { gpus: tp, tp },
      hardware: { gpu: { memory_gib: 80 } },
      method: "engine-formulas",
    });
    assertEquals(found.method, "engine-formulas");
    const pairs: [name: string, found: number, golden: number][] = [
      ["weights", gibOf(found, "weights"), golden.params],
      ["cache", gibOf(found, "KV cache"), golden.kv],
      ["activations", gibOf(found, "activations"), golden.act],
      ["overhead", gibOf(found, "overhead"), golden.ovh],
      ["total", found.memory.device_peak_bytes / GIB, golden.total],
    ];
    for (const [name, value, wanted] of pairs) {
      assertAlmostEquals(value, wanted, DIGITS, name);
    }
    assertEquals(found.kv?.bytes, Math.round(gibOf(found, "KV cache") * GIB));
    assertEquals(found.kv?.max_sequences ?? null, golden.max_bs);
    assertEquals(found.kv?.max_sequences !== null, golden.fits);
    const used = 100 * (found.fit[0]?.utilization ?? 0);
    assertAlmostEquals(used, golden.util, 1e-3, "utilization");
  });
}
