import { assert, assertEquals } from "@std/assert";
import { CATALOGUE } from "../../lib/mod.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { modelOfCheckpoint } from "../../lib/models/model_of_checkpoint.ts";
import { headersOf } from "./headers.ts";
import { assertOk } from "./results.ts";

Deno.test("modelOfCheckpoint() counts every model of the catalogue by headers as by config", () => {
  const wrong: string[] = [];
  for (const { id, config } of CATALOGUE) {
    const known = modelOfConfig(config, { name: id, source: "catalogue" });
    assert(known.ok, id);
    const read = modelOfCheckpoint({
      id,
      config,
      headers: headersOf(known.value.tensors),
    }, "headers");
    assertOk(read, `${id} `);
    const { parameters, active_parameters, notes, source } = read.value;
    assertEquals(source, "headers");
    if (
      parameters !== known.value.parameters ||
      active_parameters !== known.value.active_parameters || notes.length > 0
    ) {
      wrong.push(
        `${id}: ${parameters - known.value.parameters} ${
          active_parameters - known.value.active_parameters
        } ${notes.join()}`,
      );
    }
  }
  assertEquals(wrong, []);
});

Deno.test("modelOfCheckpoint() reads roles and pieces of the catalogue's models off names", () => {
  const counts = { right: 0, all: 0 };
  const pieces: string[] = [];
  for (const { id, config } of CATALOGUE) {
    const known = modelOfConfig(config, { name: id, source: "catalogue" });
    assert(known.ok);
    const read = modelOfCheckpoint({
      id,
      config: null,
      headers: headersOf(known.value.tensors),
    });
    assert(read.ok);
    const byName = new Map(read.value.tensors.map((t) => [t.name, t]));
    for (const tensor of known.value.tensors) {
      const found = byName.get(tensor.name);
      // Blocks in stages, whose two numbers are read as one.
      if (!found && /timm_model\.blocks\./.test(tensor.name)) continue;
      counts.all++;
      if (found?.role === tensor.role) counts.right++;
      if (found && found.piece !== tensor.piece) {
        pieces.push(`${id} ${tensor.name} ${found.piece} ${tensor.piece}`);
      }
    }
  }
  // Guesses from names: Whisper's encoder does not say that it hears.
  assertEquals(pieces.filter((piece) => !/whisper/i.test(piece)), []);
  assert(counts.right / counts.all > 0.995, JSON.stringify(counts));
});
