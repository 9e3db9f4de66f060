import { assertEquals, assertRejects } from "@std/assert";
import { HubStopped } from "../../hub/hub_error.ts";
import { Turns } from "../../hub/turns.ts";
import { TurnsOfOne } from "../../hub/turns_of_one.ts";

Deno.test("a look-up has a turn of its own where others hold all", async () => {
  const shared = new Turns(1);
  await shared.take();
  const own = new TurnsOfOne(shared);
  await own.take();
  const order: string[] = [];
  const second = own.take().then(() => order.push("second"));
  const third = own.take().then(() => order.push("third"));
  own.give();
  await second;
  assertEquals(order, ["second"]);
  own.give();
  await third;
  // What was borrowed and what was not all comes back.
  own.give();
  shared.give();
  await shared.take();
  await own.take();
});

Deno.test("a look-up borrows and returns the shared turns", async () => {
  const shared = new Turns(1);
  const [one, two] = [new TurnsOfOne(shared), new TurnsOfOne(shared)];
  await one.take();
  await one.take();
  await two.take();
  const waits = two.take();
  one.give();
  await waits;
  one.give();
  two.give();
  two.give();
  await shared.take();
});

Deno.test("a turn is not waited for any longer than wanted", async () => {
  const shared = new Turns(0);
  const own = new TurnsOfOne(shared);
  await own.take();
  const stop = new AbortController();
  const waits = own.take(stop.signal);
  stop.abort();
  await assertRejects(() => waits, HubStopped);
  own.give();
  await own.take();
});
