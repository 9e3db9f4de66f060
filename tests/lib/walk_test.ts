import { assertEquals } from "@std/assert";
import { changesFrom, leavesOf, putAt } from "../../lib/scenario/walk.ts";

Deno.test("leavesOf() lists fields in order; lists and null are values", () => {
  assertEquals(leavesOf({ a: 1, b: { c: [1, 2], d: { e: null } }, f: {} }), [
    { path: "a", value: 1 },
    { path: "b.c", value: [1, 2] },
    { path: "b.d.e", value: null },
  ]);
  assertEquals(leavesOf({ a: 1 }, "x.y"), [{ path: "x.y.a", value: 1 }]);
});

Deno.test("changesFrom() lists what differs, with the second's values", () => {
  const usual = { a: 1, b: { c: [1, 2], d: "x" }, gpu: "A100" };
  const table: [value: object, changes: [string, unknown][]][] = [
    [usual, []],
    [structuredClone(usual), []],
    [{ ...usual, a: 2 }, [["a", 2]]],
    [{ ...usual, b: { c: [1, 3], d: "x" } }, [["b.c", [1, 3]]]],
    [{ ...usual, b: { c: [1], d: "y" } }, [["b.c", [1]], ["b.d", "y"]]],
    [{ ...usual, a: null }, [["a", null]]],
    [{ ...usual, gpu: { memory_gib: 24 } }, [["gpu.memory_gib", 24]]],
  ];
  for (const [value, changes] of table) {
    assertEquals(
      changesFrom(usual, value),
      changes.map(([path, value]) => ({ path, value })),
    );
  }
});

Deno.test("putAt() makes the sections on its way and replaces values", () => {
  const target: Record<string, unknown> = { a: { b: 1 }, c: 2 };
  putAt(target, "a.d.e", 3);
  putAt(target, "c.f", 4);
  putAt(target, "g", 5);
  assertEquals(leavesOf(target), [
    { path: "a.b", value: 1 },
    { path: "a.d.e", value: 3 },
    { path: "c.f", value: 4 },
    { path: "g", value: 5 },
  ]);
});
