import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  calculatorsModelOfSize,
  estimate,
  modelOfSize,
} from "../../lib/mod.ts";

const SIZES = [0.05, 0.1, 0.35, 1, 1.5, 3, 7, 8, 13, 20, 30, 65, 70, 175, 405];

for (const billions of [...SIZES, 1000]) {
  Deno.test(`modelOfSize() has ${billions}B parameters, to a twentieth`, () => {
    const { dims } = modelOfSize(billions * 1e9);
    const { model } = estimate({ model: { dims }, method: "factors" });
    const off = model.parameters / (billions * 1e9) - 1;
    assert(Math.abs(off) <= 0.05, `${100 * off} %`);
    assertEquals(model.parameters_basis, "derived");
  });
}

Deno.test("modelOfSize() names the model whose shape it takes", () => {
  assertMatch(modelOfSize(7e9).assumed, /Llama-2-7b-hf.*to 7\.00B parameters$/);
  assertMatch(modelOfSize(20e9).assumed, /, with 62 layers instead of 40$/);
  assertEquals(modelOfSize(70e9).dims.kv_heads, 8);
});

Deno.test("calculatorsModelOfSize() has the calculator's shapes", () => {
  const shapes = [1, 7, 7.1, 30, 65, 70].map((billions) => {
    const dims = calculatorsModelOfSize(billions * 1e9);
    return [dims.hidden_size, dims.layers, dims.attention_heads];
  });
  assertEquals(shapes, [
    [768, 12, 6],
    [4096, 32, 32],
    [5120, 40, 40],
    [6656, 60, 52],
    [8192, 80, 64],
    [12_288, 96, 96],
  ]);
});
