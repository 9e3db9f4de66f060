import { assert, assertEquals } from "@std/assert";
import { CATALOGUE } from "../../lib/mod.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { faultNotes } from "../../lib/models/config_remarks.ts";
import { otherFile } from "../../lib/models/other_file.ts";

Deno.test("faultNotes() and otherFile() find nothing about any model of the catalogue", () => {
  for (const { id, config } of CATALOGUE) {
    const model = modelOfConfig(config, { name: id, source: "config" });
    assert(model.ok, id);
    assertEquals(faultNotes(model.value.architecture), [], id);
    assertEquals(otherFile(config), null, id);
  }
});

Deno.test("modelOfConfig() notes what would not run, and says what else a file is", () => {
  const config = {
    model_type: "llama",
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 8,
    vocab_size: 320,
  };
  const known = { name: "x", source: "config" as const };
  const model = modelOfConfig(config, known);
  assert(model.ok);
  assertEquals(model.value.notes, [
    "The config's heads for keys and values must divide its attention heads (4): current value is 8, and the model would not run",
  ]);
  const other = modelOfConfig({ weight_map: {} }, known);
  assert(!other.ok);
  assertEquals(other.problems, [{
    path: "model.config",
    message:
      "model.config is a checkpoint's index: give the config.json beside it",
  }]);
});
