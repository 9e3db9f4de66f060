import { assert, assertEquals, assertMatch } from "@std/assert";
import { bytesOf } from "../../hub/bytes_of.ts";
import { CALLER } from "../../hub/caller.ts";
import type { AskOptions, LookUp } from "../../hub/look_up.ts";
import type { LookUpLimits } from "../../hub/look_ups.ts";
import { LookUpDesk } from "../../hub/look_ups.ts";
import type { Hub, LookUpOptions } from "../../hub/mod.ts";
import { openHub } from "../../hub/mod.ts";
import type { Model, Result } from "../../lib/mod.ts";
import { fakeClock } from "./fake_clock.ts";
import { startFakeHub } from "./fake_hub.ts";
import { CONFIG, gate } from "./slow_hub.ts";

const ONCE: AskOptions = { lookUp: "once", waitMs: null };

Deno.test("callers of the same model share one look-up", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const desk = new LookUpDesk(openHub(hub));
  assertEquals(await desk.ask("a/b", { lookUp: "never", waitMs: null }), null);
  const [one, two] = await Promise.all([
    desk.ask("a/b", ONCE),
    desk.ask(" a/b ", ONCE),
  ]);
  assertEquals(modelOf(one)?.name, "a/b");
  assertEquals(modelOf(two)?.name, "a/b");
  assertEquals(hub.asked.length, 2);
  await desk.ask("a/b", { ...ONCE, headers: true });
  assert(hub.asked.length > 2, "headers are another thing");
});

Deno.test("what the Hub has been asked for elsewhere is known", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const opened = openHub(hub);
  await opened.model("a/b");
  const desk = new LookUpDesk(opened);
  const known = await desk.ask("a/b", { lookUp: "never", waitMs: null });
  assertEquals(modelOf(known)?.name, "a/b");
});

Deno.test("who waits for a moment is told how far it is", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const held = gate(/config\.json$/);
  const desk = new LookUpDesk(openHub({ ...hub, fetch: held.fetch }));
  const waiting = await desk.ask("a/b", { lookUp: "once", waitMs: 0 });
  assertEquals(waiting?.result, null);
  held.open();
  assert((await desk.ask("a/b", ONCE))?.result?.ok);
});

Deno.test("a failure is told again for a while, or asked anew on demand", async () => {
  const { desk, begun, answer, clock } = playedDesk({ failureMs: 1000 });
  const first = desk.ask("a/b", ONCE);
  answer("a/b", refusedByHub());
  assertEquals((await first)?.result?.ok, false);
  assertEquals((await desk.ask("a/b", ONCE))?.result?.ok, false);
  assertEquals(begun, ["a/b"]);
  const anew = desk.ask("a/b", { ...ONCE, lookUp: "anew" });
  answer("a/b", refusedByHub());
  await anew;
  assertEquals(begun, ["a/b", "a/b"]);
  clock.pass(1000);
  const later = desk.ask("a/b", ONCE);
  answer("a/b", refusedByHub());
  await later;
  assertEquals(begun, ["a/b", "a/b", "a/b"]);
});

Deno.test("a look-up is stopped once all who asked have left", async () => {
  const { desk, stopped } = playedDesk();
  const [one, two] = [new AbortController(), new AbortController()];
  const asked = [one, two].map(({ signal }) =>
    CALLER.run({ signal }, () => desk.ask("a/b", ONCE))
  );
  one.abort();
  await asked[0];
  assertEquals(stopped, []);
  two.abort();
  await asked[1];
  assertEquals(stopped, ["a/b"]);
  assertEquals(await desk.ask("a/b", { lookUp: "never", waitMs: null }), null);
});

Deno.test("a look-up that a page watches goes on until it asks no more", async () => {
  const { desk, stopped, clock } = playedDesk({ forgottenMs: 1000 });
  const watch = async (): Promise<void> => {
    const asked = desk.ask("a/b", { lookUp: "once", waitMs: 100 });
    clock.pass(100);
    assertEquals((await asked)?.result, null);
  };
  await watch();
  clock.pass(900);
  await watch();
  clock.pass(900);
  await desk.ask("a/c", { lookUp: "never", waitMs: null });
  assertEquals(stopped, []);
  clock.pass(100);
  await desk.ask("a/c", { lookUp: "never", waitMs: null });
  assertEquals(stopped, ["a/b"]);
});

Deno.test("200 models that do not answer hold a good one up for a moment only", async () => {
  const { desk, begun, answer, clock } = playedDesk({ patienceMs: 1500 });
  const stalled = Array.from(
    { length: 200 },
    (_, at) => desk.ask(`evil/${at}`, ONCE),
  );
  const good = desk.ask("good/model", ONCE);
  assert(!begun.includes("good/model"));
  clock.pass(1500);
  assert(begun.includes("good/model"));
  answer("good/model", found("good/model"));
  assertEquals(modelOf(await good)?.name, "good/model");
  clock.pass(60_000 * 20);
  for (const lookUp of await Promise.all(stalled)) {
    assertMatch(
      messageOf(lookUp),
      /in a moment$|takes more than 60 seconds$/,
    );
  }
});

Deno.test("who is answered keeps its place, whoever waits", () => {
  const { desk, begun, moves, clock } = playedDesk({
    underWay: 1,
    patienceMs: 1000,
  });
  void desk.ask("large/model", ONCE);
  void desk.ask("a/b", ONCE);
  for (let step = 0; step < 20; step++) {
    clock.pass(900);
    moves("large/model");
  }
  assertEquals(begun, ["large/model"]);
  clock.pass(1000);
  assertEquals(begun, ["large/model", "a/b"]);
  clock.pass(60_000);
});

Deno.test("a client with many look-ups does not hold up one with few", () => {
  const { desk, begun, clock } = playedDesk({ underWay: 2, patienceMs: 1000 });
  const ask = (client: string, name: string): void => {
    void CALLER.run({ client }, () => desk.ask(name, ONCE));
  };
  ask("one", "one/0");
  ask("one", "one/1");
  ask("two", "two/0");
  for (let at = 2; at < 9; at++) ask("one", `one/${at}`);
  assertEquals(begun, ["one/0", "one/1"]);
  clock.pass(1000);
  assertEquals(begun[2], "two/0");
  clock.pass(60_000 * 20);
});

Deno.test("a caller is told when the Hub is asked on its behalf, not before", () => {
  const { desk, clock } = playedDesk({ underWay: 1, patienceMs: 1000 });
  const told: string[] = [];
  for (const name of ["a/b", "a/c", "a/b"]) {
    void CALLER.run(
      { onLookUp: () => told.push(name) },
      () => desk.ask(name, ONCE),
    );
  }
  assertEquals(told, ["a/b"]);
  clock.pass(1000);
  assertEquals(told, ["a/b", "a/c"]);
  clock.pass(60_000 * 20);
});

Deno.test("more than can wait are refused by a message with the limits", async () => {
  const { desk, begun, clock } = playedDesk({ underWay: 1, waiting: 2 });
  void desk.ask("a/0", ONCE);
  const longest = desk.ask("a/1", ONCE);
  void desk.ask("a/2", ONCE);
  void desk.ask("a/3", ONCE);
  assertEquals(
    messageOf(await longest),
    "model cannot be looked up now: at most 1 models are looked up at once and 2 wait, and more are asked for; try again in a moment",
  );
  assertEquals(begun, ["a/0"]);
  clock.pass(60_000 * 20);
});

Deno.test("a look-up ends at its limit, and that is remembered", async () => {
  const { desk, begun, stopped, clock } = playedDesk({ longestMs: 5000 });
  const asked = desk.ask("a/b", ONCE);
  clock.pass(5000);
  assertMatch(messageOf(await asked), /a\/b takes more than 5 seconds/);
  assertEquals(stopped, ["a/b"]);
  assertMatch(messageOf(await desk.ask("a/b", ONCE)), /more than 5 seconds/);
  assertEquals(begun, ["a/b"]);
});

Deno.test("so many results are kept and no more", async () => {
  const { desk, answer, begun } = playedDesk({ kept: 1 });
  for (const name of ["a/b", "a/c", "a/d", "a/b"]) {
    const asked = desk.ask(name, ONCE);
    answer(name, found(name));
    await asked;
  }
  assertEquals(begun, ["a/b", "a/c", "a/d", "a/b"]);
});

Deno.test("so many bytes of results are kept and no more", async () => {
  const bytes = bytesOf(found("a/b"));
  const { desk, answer, begun } = playedDesk({ keptBytes: 2 * bytes });
  for (const name of ["a/b", "a/c", "a/b", "a/d", "a/c", "a/b"]) {
    const asked = desk.ask(name, ONCE);
    answer(name, found(name));
    await asked;
  }
  assertEquals(begun, ["a/b", "a/c", "a/d", "a/b"]);
});

Deno.test("a large result waits for who comes back for it", async () => {
  const { desk, answer, begun, clock } = playedDesk({
    keptBytes: 1,
    forgottenMs: 1000,
  });
  const watching: AskOptions = { lookUp: "once", waitMs: 10 };
  const first = desk.ask("a/b", watching);
  clock.pass(10);
  assertEquals((await first)?.result, null);
  answer("a/b", found("a/b"));
  assert((await desk.ask("a/b", watching))?.result?.ok);
  assertEquals(begun, ["a/b"]);
});

Deno.test("a Hub that breaks is answered for", async () => {
  const desk = new LookUpDesk({
    known: () => undefined,
    model: () => Promise.reject(new TypeError("broken")),
  });
  const { error } = console;
  const said: unknown[] = [];
  console.error = (what: unknown) => said.push(what);
  try {
    const broken = await desk.ask("a/b", ONCE);
    assertEquals(broken?.result?.ok, false);
    assertEquals(said.map(String), ["TypeError: broken"]);
  } finally {
    console.error = error;
  }
});

/** A desk before a Hub that answers when it is told to. */
function playedDesk(limits: Partial<LookUpLimits> = {}) {
  const clock = fakeClock();
  const begun: string[] = [];
  const stopped: string[] = [];
  const open = new Map<
    string,
    { options: LookUpOptions; resolve: (result: Result<Model>) => void }
  >();
  const hub: Hub = {
    known: () => undefined,
    model(name, options = {}) {
      begun.push(name);
      const { promise, resolve } = Promise.withResolvers<Result<Model>>();
      options.signal?.addEventListener("abort", () => stopped.push(name));
      open.set(name, { options, resolve });
      return promise;
    },
  };
  return {
    clock,
    begun,
    stopped,
    desk: new LookUpDesk(hub, limits, clock),
    answer: (name: string, result: Result<Model>): void =>
      open.get(name)?.resolve(result),
    moves: (name: string): void => open.get(name)?.options.onAnswer?.(),
  };
}

function found(name: string): Result<Model> {
  return { ok: true, value: { name } as Model };
}

function refusedByHub(): Result<Model> {
  return { ok: false, problems: [{ path: "model", message: "model is gone" }] };
}

function modelOf(lookUp: LookUp | null): Model | undefined {
  return lookUp?.result?.ok ? lookUp.result.value : undefined;
}

function messageOf(lookUp: LookUp | null): string {
  assert(lookUp?.result && !lookUp.result.ok, "it is not refused");
  return lookUp.result.problems[0]?.message ?? "";
}
