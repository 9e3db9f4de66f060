import type { ServingWay } from "../answer/serving_way.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import { serve } from "../serve/mod.ts";
import { meshOf } from "../parallel/mesh.ts";

/** Formats that engines load, the finest first. */
const FORMATS: Readonly<
  Record<Scenario["serve"]["engine"], readonly string[]>
> = {
  transformers: ["int8", "nf4"],
  vllm: ["fp8", "awq-int4"],
  sglang: ["fp8", "awq-int4"],
  tgi: ["fp8", "awq-int4"],
  "tensorrt-llm": ["fp8", "awq-int4"],
  "llama.cpp": [
    "gguf:Q8_0",
    "gguf:Q6_K",
    "gguf:Q4_K_M",
    "gguf:IQ3_XXS",
    "gguf:IQ2_XXS",
  ],
};

/** How many times as many GPUs are tried. */
const TIMES = [2, 4, 8, 16];

/**
 * What would serve a scenario that does not fit: the finest format that does, and
 * the fewest GPUs of its kind.
 *
 * @returns Each with the fields that it sets; none where nothing tried does.
 */
export function waysToServe(scenario: Scenario, model: Model): ServingWay[] {
  return [
    firstThat(formats(scenario), scenario, model),
    firstThat(moreGpus(scenario), scenario, model),
  ].filter((way) => way !== null);
}

type Change = Pick<ServingWay, "set" | "words">;

function formats({ serve: { engine }, quantization }: Scenario): Change[] {
  const own = quantization.weights ?? "none";
  const all = FORMATS[engine];
  return all.slice(all.indexOf(own) + 1).map((format) => ({
    set: { "quantization.weights": format },
    words: `weights in ${format.replace("gguf:", "GGUF ")}`,
  }));
}

function moreGpus(
  { serve: { engine }, parallel, hardware }: Scenario,
): Change[] {
  if (hardware.gpus !== null) return [];
  return TIMES.map((times) => ({
    set: {
      "parallel.gpus": parallel.gpus * times,
      ...(engine === "llama.cpp" || engine === "transformers"
        ? {}
        : { "parallel.tp": parallel.tp * times }),
    },
    words: `${parallel.gpus * times} GPUs of this kind`,
  }));
}

function firstThat(
  changes: readonly Change[],
  scenario: Scenario,
  model: Model,
): ServingWay | null {
  for (const change of changes) {
    const changed = withChanges(scenario, change.set);
    const mesh = meshOf(changed.parallel, model.architecture);
    if (!mesh.ok) continue;
    const answer = serve({ scenario: changed, model, mesh: mesh.value });
    if ("reason" in answer || !answer.ok) continue;
    const { serving, kv, device } = answer.value.served;
    if (!serving.starts) continue;
    return {
      ...change,
      device_peak_bytes: device,
      max_sequences: kv.max_sequences,
    };
  }
  return null;
}

function withChanges(scenario: Scenario, set: ServingWay["set"]): Scenario {
  const changed = {
    ...scenario,
    quantization: { ...scenario.quantization },
    parallel: { ...scenario.parallel },
  };
  for (const [path, value] of Object.entries(set)) {
    const [section = "", key = ""] = path.split(".");
    Object.assign(changed[section as "quantization" | "parallel"], {
      [key]: value,
    });
  }
  return changed;
}
