import { assert, assertEquals, assertStringIncludes } from "../../assert.ts";
import { storedModelOf } from "../../../lib/formats/mod.ts";
import type { GgufModel } from "../../../lib/formats/gguf/gguf_model.ts";
import { ggufOf, loadedGguf } from "../../../lib/formats/gguf/mod.ts";
import type { GgufTensor } from "../../../lib/models/headers/mod.ts";
import { modelOfGguf } from "../../../lib/models/headers/mod.ts";
import type { Model } from "../../../lib/models/model.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import { copiesOf } from "../../../lib/models/tensors/tensor.ts";
import { numbersOf } from "../../../lib/models/tensors/layer_numbers.ts";
import type { ScenarioInput } from "../../../lib/scenario/parse_scenario.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import type { Scenario } from "../../../lib/scenario/schema.ts";
import catalogue from "../../../lib/models/catalogue.json" with {
  type: "json",
};
import files from "../../truth/gguf.json" with { type: "json" };
import planned from "../../truth/gguf_weights.json" with { type: "json" };

/** What a header of metadata and vocabulary takes of a file. */
const HEADER = { least: 500_000, most: 16 * 1024 ** 2 };

/** Files that the rules do not meet, by what share of them, and why. */
const DOUBTS: Readonly<Record<string, number>> = {
  // Made with an importance matrix, of which nothing is told.
  "gguf-glm-z1-32b-IQ4_XS": 0.0089,
  // Made when fused attention had a rule of its own: all of it Q5_K.
  "gguf-phi-3-mini-4k-Q4_K_M": 0.0015,
};

function scenarioOf(input: ScenarioInput): Scenario {
  const parsed = parseScenario(input);
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

function modelOf(model: unknown): Model {
  const found = resolveModel(scenarioOf({ model } as ScenarioInput).model);
  assert(found.ok, JSON.stringify(found));
  return found.value;
}

function fileOf(model: Model, type: string): GgufModel {
  const gguf = ggufOf(model, type);
  assert(gguf.ok, JSON.stringify(gguf));
  return gguf.value;
}

/** A catalogue's model with the rotary scaling that its release states. */
function withScaling(id: string): unknown {
  const entry = catalogue.find((entry) => entry.id === id);
  if (!/Llama-3\.[123]/.test(id)) return id;
  return {
    config: { ...entry?.config, rope_scaling: { rope_type: "llama3" } },
  };
}

/** Bytes of each GPU and of the host, as llama.cpp deals layers out to equal GPUs. */
function loaded(
  { weights, tied }: GgufModel,
  { layers, gpus, offloaded }: {
    layers: number;
    gpus: number;
    offloaded: number;
  },
): { device: number[]; host: number } {
  const device = Array.from({ length: gpus }, () => 0);
  let host = 0;
  const last = gpus - 1;
  const put = (at: number, bytes: number): void => {
    device[at] = (device[at] ?? 0) + bytes;
  };
  const first = layers + 1 - offloaded;
  for (const weight of weights) {
    const { place, name } = weight;
    if (place === "input") {
      host += weight.hostBytes;
      if (tied && name === "token_embd.weight") put(last, weight.deviceBytes);
    } else if (place === "output") put(last, weight.deviceBytes);
    else {
      for (const layer of numbersOf(weight.layers ?? [])) {
        if (layer < first) host += weight.hostBytes;
        else {
          const share = (layer - first) / offloaded;
          put(Math.min(last, Math.floor(share * gpus)), weight.deviceBytes);
        }
      }
    }
  }
  return { device, host };
}

Deno.test("weights lie on GPUs and host as llama.cpp planned them, to the byte", () => {
  let held = 0;
  for (const { model: named, files } of planned) {
    const model = modelOf(named);
    const { layers } = model.architecture;
    for (const [type, asked, device, host] of files) {
      const offloaded = asked === "all" ? layers + 1 : asked;
      assert(typeof type === "string" && typeof offloaded === "number");
      assert(Array.isArray(device));
      assertEquals(
        loaded(fileOf(model, type), {
          layers,
          gpus: device.length,
          offloaded,
        }),
        { device, host },
        `${model.name} ${type}, ${asked} of ${device.length} GPUs`,
      );
      held++;
    }
  }
  assertEquals(held, 221);
});

Deno.test("files have their published bytes by type", () => {
  let held = 0;
  for (const { id, kind, model, quantization, bytes, bytes_by_type } of files) {
    if (kind !== "file") continue;
    assert(typeof model === "string" && quantization && bytes);
    const gguf = fileOf(
      modelOf(withScaling(model)),
      quantization.slice("gguf:".length),
    );
    held++;
    const doubt = DOUBTS[id];
    if (doubt !== undefined) {
      const off = Math.abs(gguf.bytes / bytes - 1);
      assert(off > 0 && off <= doubt, `${id} is off by ${off}`);
      continue;
    }
    const byType: Record<string, number> = {};
    for (const weight of gguf.weights) {
      const { name } = weight.type;
      byType[name] = (byType[name] ?? 0) + weight.bytes * copiesOf(weight);
    }
    assertEquals(byType, { ...bytes_by_type }, id);
    assertEquals(gguf.bytes, bytes, id);
  }
  assertEquals(held, 28);
});

Deno.test("published files are their tensors and a header", () => {
  const published = files.filter(({ kind }) => kind === "published");
  assertEquals(published.length, 2);
  for (const { id, model, quantization = "", file_bytes } of published) {
    assert(file_bytes);
    const gguf = fileOf(modelOf(model), quantization.slice("gguf:".length));
    const header = file_bytes - gguf.bytes;
    assert(
      header >= HEADER.least && header <= HEADER.most,
      `${id} leaves ${header} bytes for its header`,
    );
  }
});

Deno.test("a tensor of unlike layers stands once for each of its types", () => {
  const { weights } = fileOf(modelOf("meta-llama/Llama-3.1-8B"), "Q4_K_M");
  const values = weights.filter(({ name }) => name === "blk.N.attn_v.weight");
  assertEquals(values.map(({ type }) => type.name).sort(), ["Q4_K", "Q6_K"]);
  const layers = values.flatMap(({ layers }) => numbersOf(layers ?? []));
  assertEquals(layers.length, 32);
  assertEquals(new Set(layers).size, 32);
});

Deno.test("every file type of llama.cpp is made, and others are named with those", () => {
  const model = modelOf("Qwen/Qwen2.5-0.5B");
  const wrong = ggufOf(model, "Q4_FOO");
  assert(!wrong.ok);
  const [problem] = wrong.problems;
  assertEquals(problem?.path, "quantization.weights");
  assertStringIncludes(problem?.message ?? "", "gguf:Q4_FOO");
  const known = /one of ([A-Z0-9_, ]+):/.exec(problem?.message ?? "")?.[1] ??
    "";
  const sizes = new Map<string, number>();
  for (const type of known.split(", ")) {
    const { bytes, weights } = fileOf(model, type);
    assert(bytes > 0);
    for (const { row, type: { elements, name } } of weights) {
      assertEquals(row % elements, 0, `${type} has ${name} of rows of ${row}`);
    }
    sizes.set(type, bytes);
  }
  assertEquals(sizes.size, 36);
  assert((sizes.get("IQ1_S") ?? 0) < (sizes.get("Q8_0") ?? 0));
  assertEquals(fileOf(model, "Q4_K").bytes, sizes.get("Q4_K_M"));
});

Deno.test("Unsloth's own mixes are answered by their base, and say so", () => {
  const model = modelOf("Qwen/Qwen3-8B");
  const mixed = fileOf(model, "UD-Q4_K_XL");
  assertEquals(mixed.bytes, fileOf(model, "Q4_K_M").bytes);
  assertEquals(mixed.basis, "assumed");
  assertStringIncludes(mixed.notes.join(), "UD-Q4_K_XL");
  assertEquals(fileOf(model, "Q4_K_M").basis, "derived");
});

Deno.test("what a file leaves out or keeps is told", () => {
  const sight = fileOf(modelOf("google/gemma-3-4b-it"), "Q4_K_M");
  assertStringIncludes(sight.notes.join(), "mmproj");
  assert(sight.weights.every(({ name }) => !/vision/.test(name)));
  const experts = fileOf(modelOf("openai/gpt-oss-20b"), "Q4_K_M");
  assertEquals(
    new Set(
      experts.weights.filter(({ matrices }) => matrices > 1)
        .map(({ type }) => type.name),
    ),
    new Set(["MXFP4"]),
  );
  assertStringIncludes(experts.notes.join(), "MXFP4");
  assertEquals(experts.basis, "assumed");
});

Deno.test("llama.cpp loads a scenario's type, or what is published", () => {
  const model = modelOf("openai/gpt-oss-20b");
  const typeOf = (weights: string | null): string => {
    const gguf = loadedGguf(
      scenarioOf({
        model: "openai/gpt-oss-20b",
        task: "serve",
        quantization: { weights },
      }),
      model,
    );
    return gguf.ok ? gguf.value.type : gguf.problems[0]?.message ?? "";
  };
  assertEquals(typeOf(null), "MXFP4_MOE");
  assertEquals(typeOf("mxfp4"), "MXFP4_MOE");
  assertEquals(typeOf("gguf:F16"), "F16");
  assertEquals(typeOf("none"), "BF16");
  assertStringIncludes(typeOf("nf4"), "gguf:TYPE");
});

Deno.test("a model that was read from a GGUF file is stored in its own types", () => {
  const layer = (at: number): GgufTensor[] => [
    {
      name: `blk.${at}.attn_q.weight`,
      shape: [256, 256],
      type: at === 0 ? 14 : 12,
    },
    { name: `blk.${at}.attn_norm.weight`, shape: [256], type: 0 },
  ];
  const read = modelOfGguf("own", {
    metadata: {
      "general.architecture": "llama",
      "general.file_type": 15,
      "llama.block_count": 4,
      "llama.nextn_predict_layers": 1,
    },
    tensors: [
      { name: "token_embd.weight", shape: [256, 512], type: 12 },
      { name: "rope_freqs.weight", shape: [32], type: 0 },
      ...[0, 1, 2, 3].flatMap(layer),
    ],
  });
  assert(read.ok);
  const stored = storedModelOf(
    scenarioOf({ model: "gpt2", task: "serve" }),
    read.value,
  );
  assert(stored.ok);
  const { scheme, bytes, basis } = stored.value;
  assertEquals([scheme, basis], ["GGUF Q4_K_M", "exact"]);
  const row = { Q4_K: 144, Q6_K: 210 };
  assertEquals(
    bytes,
    512 * row.Q4_K + 128 + 256 * (row.Q6_K + 3 * row.Q4_K) + 4 * 1024,
  );
  const gguf = loadedGguf(
    scenarioOf({ model: "gpt2", task: "serve" }),
    read.value,
  );
  assert(gguf.ok);
  // Asked for its own type it is the same; for another the rules choose.
  assert(ggufOf(read.value, "UD-Q4_K_XL").ok);
  assertEquals(fileOf(read.value, "Q4_K_M"), gguf.value);
  const plain = fileOf(read.value, "Q8_0").weights;
  assertEquals(
    new Set(plain.map(({ type }) => type.name)),
    new Set(["Q8_0", "F32"]),
  );
  assertEquals(read.value.architecture.layers, 3);
  assertEquals(gguf.value.tied, true);
  const places = new Map<string, number>();
  for (const weight of gguf.value.weights) {
    const count = places.get(weight.place) ?? 0;
    places.set(weight.place, count + copiesOf(weight));
  }
  assertEquals(
    Object.fromEntries(places),
    { input: 1, table: 1, layer: 6, draft: 2 },
  );
});

Deno.test("a model of many layers costs no more for each type again", () => {
  const model = modelOf("meta-llama/Llama-3.1-405B");
  const first = ggufOf(model, "Q4_K_M");
  const again = ggufOf(model, "Q4_K_M");
  assert(first.ok && again.ok);
  assert(first.value === again.value);
});
