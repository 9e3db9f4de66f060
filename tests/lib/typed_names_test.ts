import { assert, assertEquals } from "@std/assert";
import { findModel, similarModels } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import names from "../truth/names.json" with { type: "json" };
import { assertOk } from "./results.ts";

Deno.test("names as people type them are the models that they mean, of their sizes", () => {
  for (const [typed, [name, billions]] of Object.entries(names)) {
    const model = resolveModel(typed);
    assertOk(model);
    assertEquals(model.value.name, name, typed);
    assertEquals(
      Number((model.value.parameters / 1e9).toFixed(3)),
      billions,
      typed,
    );
  }
});

/** Names that there are not, and the one that is nearest. */
const NEAR: [typed: string, meant: string][] = [
  ["Qwen3-Next-81B", "Qwen/Qwen3-Next-80B-A3B-Instruct"],
  ["glm-4.8", "zai-org/GLM-4.7"],
  ["phi-5", "microsoft/phi-4"],
  ["Qwen3-31B", "Qwen/Qwen3-32B"],
  ["gemma-3-28b", "google/gemma-3-27b-it"],
  ["mistral-small-3.3", "mistralai/Mistral-Small-3.2-24B-Instruct-2506"],
  ["Qwen/Qwen3-7B", "Qwen/Qwen3-8B"],
  ["qwen3-vl-7b", "Qwen/Qwen3-VL-8B-Instruct"],
  ["meta-llama/Llamma-3.1-8B", "meta-llama/Llama-3.1-8B"],
  ["meta-llama/Lama-3.3-70B-Instruct", "meta-llama/Llama-3.3-70B-Instruct"],
  ["mistralai/Mistral-7B-Instruct-v0.4", "mistralai/Mistral-7B-Instruct-v0.3"],
];

Deno.test("a name that there is not suggests its family, the nearest size or version first", () => {
  for (const [typed, meant] of NEAR) {
    assertEquals(findModel(typed), null, typed);
    assertEquals(similarModels(typed)[0], meant, typed);
  }
});

Deno.test("a name that adds a release which there is not is the model itself", () => {
  assertEquals(findModel("Qwen/Qwen3-32B-Instruct")?.id, "Qwen/Qwen3-32B");
  assert(findModel("llama4 scout")?.id.includes("Scout"));
});
