import { assertEquals } from "@std/assert";
import { tensorWords } from "../../templates/tensor_words.ts";

Deno.test("what tensors take multiplies to what all of them take", () => {
  const MIB = 1024 ** 2;
  const words = (count: number, each: number) =>
    tensorWords({ label: "x", count, bytes: count * each });
  assertEquals(words(64, 200 * MIB), "64 × 200.0 MiB = 12.50 GiB x");
  assertEquals(words(2, 3_072 * MIB), "2 × 3.00 GiB = 6.00 GiB x");
  assertEquals(words(1, 200 * MIB), "0.20 GiB x");
});
