import { assert, assertEquals } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { search } from "./inverse.ts";

Deno.test("the search finds the limit of whatever grows evenly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1 << 20 }), (limit) => {
      const { found, asked } = search(1, 1 << 20, (value) => value <= limit);
      assertEquals(found.value, limit);
      assertEquals(found.next, limit === 1 << 20 ? null : limit + 1);
      assertEquals(found.exceptions, []);
      assertEquals(new Set(asked).size, asked.length);
      assert(asked.length < 64, `${asked.length} values asked`);
    }),
  );
});

Deno.test("whatever grows unevenly, what is found fits and what is said was tried", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.func(fc.boolean()),
      (limit, odd) => {
        const fits = (value: number): boolean =>
          value === 1 || value <= limit - 20 ||
          (value <= limit + 20 && odd(value));
        const { found, asked } = search(1, 1 << 20, fits);
        const { value, next, from, to, exceptions } = found;
        assert(value !== null && fits(value));
        for (let each = from; each <= to; each++) {
          assert(asked.includes(each), `${each} was not tried`);
        }
        for (let above = value + 1; above <= to; above++) {
          assert(!fits(above), `${above} fits`);
        }
        assert(next !== null && !fits(next) && next > value);
        for (const each of exceptions) assert(each < value && !fits(each));
      },
    ),
  );
});

Deno.test("the search looks past a value that does not fit", () => {
  const { found } = search(1, 1000, (value) => value <= 40 || value === 44);
  assertEquals(found.value, 44);
  assertEquals(found.exceptions.filter((value) => value > 40), [41, 42, 43]);
  assertEquals(found.next, 45);
});

Deno.test("the search ends at its bounds", () => {
  assertEquals(search(1, 100, () => true).found.value, 100);
  assertEquals(search(1, 100, () => true).found.next, null);
  const none = search(1, 100, () => false);
  assertEquals([none.found.value, none.found.next], [null, 1]);
  assertEquals(none.asked, [1]);
});
