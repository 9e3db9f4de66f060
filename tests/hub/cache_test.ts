import { assert, assertEquals } from "@std/assert";
import { bytesOf } from "../../hub/bytes_of.ts";
import { LoadCache } from "../../hub/cache.ts";

/** A value of about so many bytes. */
function ofBytes(bytes: number): { text: string } {
  return { text: "x".repeat(bytes / 2) };
}

Deno.test("LoadCache keeps what was asked for last, within its bytes", async () => {
  const cache = new LoadCache<{ text: string }>(10_000);
  const load = (value: { text: string }) => () =>
    Promise.resolve({ ok: true, value } as const);
  for (let at = 0; at < 100; at++) {
    await cache.load(`key${at}`, load(ofBytes(1000)));
    cache.get("key0");
    assert(cache.size.bytes <= 10_000);
  }
  assert(cache.size.entries > 5 && cache.size.entries < 10);
  assert(cache.get("key0"));
  assertEquals(cache.get("key1"), undefined);
  const large = await cache.load("large", load(ofBytes(20_000)));
  assert(large.ok);
  assertEquals(cache.get("large"), undefined);
});

Deno.test("bytesOf() counts what is in a value twice once, however deep", () => {
  const shared = { text: "x".repeat(1000) };
  assert(bytesOf(shared) > 2000 && bytesOf(shared) < 2100);
  assert(bytesOf([shared, shared]) < 2200);
  let deep: unknown = 1;
  for (let at = 0; at < 100_000; at++) deep = [deep];
  assert(bytesOf(deep) > 1_000_000);
  const circle: Record<string, unknown> = {};
  circle["own"] = circle;
  assert(bytesOf(circle) < 100);
});
