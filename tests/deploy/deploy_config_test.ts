import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

const { runtime, install } = config.deploy;

Deno.test("Deno Deploy is told to run a program that exists", async () => {
  assertEquals(runtime.type, "dynamic");
  const entrypoint = new URL(`../../${runtime.entrypoint}`, import.meta.url);
  assert((await Deno.stat(entrypoint)).isFile);
});

Deno.test("Deno Deploy installs exactly what the lock file says", () => {
  assert(install.startsWith("deno "));
  assertEquals(config.lock.frozen, true);
});

// Deploy's Deno takes no flags, and an older one reads static/ only with this.
Deno.test("deno.json allows text imports on an older Deno", () => {
  assert(config.unstable.includes("raw-imports"));
});
