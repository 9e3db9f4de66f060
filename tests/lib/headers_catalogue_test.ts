import { numbersOf } from "../../lib/models/tensors/layer_numbers.ts";
import type { Tensor } from "../../lib/models/tensors/tensor.ts";
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

/** The names of a tensor's copies: headers may number another of two stacks. */
function namesOf({ name, layers }: Tensor): string[] {
  return layers === null
    ? [name]
    : numbersOf(layers).map((layer) => name.replace(/\bN\b/, `${layer}`));
}

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
    const byName = new Map(
      read.value.tensors.flatMap((t) => namesOf(t).map((name) => [name, t])),
    );
    for (const tensor of known.value.tensors) {
      const [first = ""] = namesOf(tensor);
      const found = byName.get(first);
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
