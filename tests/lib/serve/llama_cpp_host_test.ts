import { assert } from "@std/assert";
import { loadedGguf } from "../../../lib/formats/gguf/mod.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import { cachesOf } from "../../../lib/serve/caches.ts";
import {
  deploy,
  loadedModel,
} from "../../../lib/serve/llama_cpp/deployment.ts";
import { sure } from "../../../lib/serve/llama_cpp/ggml/sure.ts";
import { settingsOf } from "../../../lib/serve/llama_cpp/settings.ts";
import { assertOk } from "../results.ts";
import truth from "../../truth/serving/llama_cpp_host.json" with {
  type: "json",
};

const MIB = 2 ** 20;

/** What llama.cpp 0.5.0 without a GPU reserved for a small model of a type. */
interface HostCase {
  readonly config: Readonly<Record<string, unknown>>;
  readonly rows: readonly {
    readonly context: number;
    readonly slots: number;
    readonly flash: boolean;
    readonly mib: number;
  }[];
}

type Row = HostCase["rows"][number];

const CASES = truth as unknown as readonly HostCase[];

/** MiB that a model's graph takes where all of it lies on the host. */
function hostMib(config: HostCase["config"], row: Row): number {
  const parsed = parseScenario({
    model: { config },
    task: "serve",
    hardware: { gpu: "H200" },
    serve: {
      engine: "llama.cpp",
      cache_tokens: row.context,
      slots: row.slots,
      kv_unified: true,
      logits_all: true,
      flash_attention: row.flash ? "on" : "off",
    },
  });
  assertOk(parsed);
  const scenario = parsed.value;
  const resolved = resolveModel(scenario.model);
  assertOk(resolved);
  const model = resolved.value;
  const gguf = loadedGguf(scenario, model);
  const settings = settingsOf(scenario);
  assertOk(gguf);
  assertOk(settings);
  const loaded = loadedModel(
    { scenario, model, caches: cachesOf(model) },
    gguf.value,
  );
  const onHost = { ...settings.value, gpus: 0, n_gpu_layers: 0 };
  return sure(deploy(loaded, onHost, []).compute[0]) / MIB;
}

for (const { config, rows } of CASES) {
  Deno.test(`${String(config["model_type"])} takes what llama.cpp reserves`, () => {
    for (const row of rows) {
      const mib = hostMib(config, row);
      assert(
        // It prints four digits.
        Math.abs(mib - row.mib) < 0.0002,
        `${JSON.stringify(row)}: ${String(mib)}`,
      );
    }
  });
}
