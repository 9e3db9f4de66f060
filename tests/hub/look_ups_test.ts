import { assert, assertEquals, assertMatch } from "@std/assert";
import { LookUps } from "../../hub/look_ups.ts";
import { openHub } from "../../hub/mod.ts";
import { startFakeHub } from "./fake_hub.ts";
import { CONFIG, gate } from "./slow_hub.ts";

Deno.test("LookUps shares one look-up among those who ask for the same", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const lookUps = new LookUps(openHub(hub));
  assertEquals(lookUps.find("a/b"), null);
  const one = started(lookUps, "a/b");
  const two = started(lookUps, " a/b ");
  assert(one === two);
  await one.finished;
  assert(one.result?.ok);
  assertEquals(one.result.value.name, "a/b");
  assertEquals(hub.asked.length, 2);
  assert(started(lookUps, "a/b", { headers: true }) !== one);
  await started(lookUps, "a/b", { headers: true }).finished;
});

Deno.test("LookUps knows what its Hub has been asked for elsewhere", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const opened = openHub(hub);
  await opened.model("a/b");
  assert(new LookUps(opened).find("a/b")?.result?.ok);
});

Deno.test("LookUps refuses more than its limit at once, naming it", async () => {
  await using hub = startFakeHub({
    "a/b": { config: CONFIG },
    "a/c": { config: CONFIG },
    "a/d": { config: CONFIG },
  });
  const held = gate(/config\.json$/);
  const lookUps = new LookUps(openHub({ ...hub, fetch: held.fetch }), {
    underWay: 2,
  });
  const running = [started(lookUps, "a/b"), started(lookUps, "a/c")];
  const refused = lookUps.start("a/d");
  assert(!refused.ok);
  assertMatch(
    refused.problems[0]?.message ?? "",
    /at most 2 models are looked up at once, and 2 are; try again/,
  );
  held.open();
  await Promise.all(running.map(({ finished }) => finished));
  await started(lookUps, "a/d").finished;
});

Deno.test("LookUps stops a look-up that nobody asks for any more", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const held = gate(/config\.json$/);
  const lookUps = new LookUps(openHub({ ...hub, fetch: held.fetch }), {
    forgottenMs: 1,
  });
  const forgotten = started(lookUps, "a/b");
  await held.arrived(1);
  await new Promise((done) => setTimeout(done, 5));
  assertEquals(lookUps.find("a/c"), null);
  await forgotten.finished;
  assertEquals(forgotten.result?.ok, false);
  assertEquals(lookUps.find("a/b"), null);
});

Deno.test("LookUps tells a failure again for a while, or asks anew on demand", async () => {
  await using hub = startFakeHub({});
  const lookUps = new LookUps(openHub(hub), { failureMs: 60_000 });
  const failed = started(lookUps, "a/b");
  await failed.finished;
  assert(failed === started(lookUps, "a/b"));
  const anew = lookUps.start("a/b", {}, { anew: true });
  assert(anew.ok && anew.value !== failed);
  await anew.value.finished;
  assertEquals(hub.asked.length, 2);

  const forgetful = new LookUps(openHub(hub), { failureMs: 0 });
  const before = started(forgetful, "a/b");
  await before.finished;
  assertEquals(forgetful.find("a/b"), null);
});

Deno.test("LookUps keeps so many results and no more", async () => {
  const names = ["a/b", "a/c", "a/d"];
  await using hub = startFakeHub(
    Object.fromEntries(names.map((name) => [name, { config: CONFIG }])),
  );
  const lookUps = new LookUps(openHub(hub), { kept: 1 });
  const first = started(lookUps, "a/b", { headers: true });
  await first.finished;
  await started(lookUps, "a/c").finished;
  await started(lookUps, "a/d").finished;
  assertEquals(lookUps.find("a/b", { headers: true }), null);
});

Deno.test("LookUps answers for a Hub that breaks", async () => {
  const lookUps = new LookUps({
    known: () => undefined,
    model: () => Promise.reject(new TypeError("broken")),
  });
  const { error } = console;
  const said: unknown[] = [];
  console.error = (what: unknown) => said.push(what);
  try {
    const broken = started(lookUps, "a/b");
    await broken.finished;
    assertEquals(broken.result?.ok, false);
    assertEquals(said.map(String), ["TypeError: broken"]);
  } finally {
    console.error = error;
  }
});

function started(
  lookUps: LookUps,
  name: string,
  wanted: { headers?: boolean } = {},
) {
  const result = lookUps.start(name, wanted);
  assert(result.ok);
  return result.value;
}
