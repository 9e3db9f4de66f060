import { assert, assertEquals } from "../../assert.ts";
import type { GgufModel } from "../../../lib/formats/gguf/gguf_model.ts";
import { towerGguf } from "../../../lib/formats/gguf/tower.ts";
import { copiesOf } from "../../../lib/models/tensors/tensor.ts";
import { numbersOf } from "../../../lib/models/tensors/layer_numbers.ts";
import { findModel } from "../../../lib/models/catalogue.ts";
import { fileOf, modelOf } from "./gguf_asked.ts";
import files from "../../truth/gguf.json" with { type: "json" };
import planned from "../../truth/gguf_weights.json" with { type: "json" };

/** What a header of metadata and vocabulary takes of a file. */
const HEADER = { least: 500_000, most: 16 * 1024 ** 2 };

/** The same of a tower's file, which has no vocabulary. */
const MOST_OF_TOWER = 64_000;

/** Files that the rules do not meet, by what share of them, and why. */
const DOUBTS: Readonly<Record<string, number>> = {
  // Made with an importance matrix, of which nothing is told.
  "gguf-glm-z1-32b-IQ4_XS": 0.0089,
  // Made when fused attention had a rule of its own: all of it Q5_K.
  "gguf-phi-3-mini-4k-Q4_K_M": 0.0015,
};

/** A catalogue's model with the rotary scaling that its release states. */
function withScaling(id: string): unknown {
  if (!/Llama-3\.[123]/.test(id)) return id;
  return {
    config: { ...findModel(id)?.config, rope_scaling: { rope_type: "llama3" } },
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
  assertEquals(published.length, 4);
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

Deno.test("files with layers that predict ahead have as many elements as published", () => {
  const counted = files.filter(({ kind }) => kind === "elements");
  assertEquals(counted.length, 2);
  for (const { id, model, elements, rounding = 0 } of counted) {
    assert(elements);
    const { weights } = fileOf(modelOf(model), "Q4_K_M");
    const sum = weights.reduce(
      (sum, weight) => sum + weight.row * weight.rows * copiesOf(weight),
      0,
    );
    assert(
      Math.abs(sum - elements) <= rounding,
      `${id} has ${sum} of ${elements}`,
    );
    assert(weights.some(({ place }) => place === "draft"));
  }
});

Deno.test("published towers are their tensors and a header without a vocabulary", () => {
  const towers = files.filter(({ kind }) => kind === "mmproj");
  assertEquals(towers.length, 2);
  for (const { id, model, file_bytes } of towers) {
    const tower = towerGguf(modelOf(model));
    assert(tower && file_bytes);
    const header = file_bytes - tower.bytes;
    assert(
      header > 0 && header <= MOST_OF_TOWER,
      `${id} leaves ${header} bytes for its header`,
    );
  }
  assertEquals(towerGguf(modelOf("meta-llama/Llama-3.1-8B")), null);
});
