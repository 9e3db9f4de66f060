import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import guide from "../../docs/engine-formulas.md" with { type: "text" };

const ROOT = new URL("../../", import.meta.url);

Deno.test("docs/engine-formulas.md's program runs and prints the calculator's figure", async () => {
  const [, program] = guide.match(/```ts\n([\s\S]*?)```/) ?? [];
  assert(program);
  const path = new URL("./lib/mod.ts", ROOT).href;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program.replace("./lib/mod.ts", path)],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  // 4 x 16 MiB, 1.629815 GiB and 32 GiB, with 20 % of these and the shards.
  const total = 1.2 * (0.25 + 2 * 1.629815 + 32) - 1.629815;
  assertEquals(new TextDecoder().decode(stdout).trim().split("\n"), [
    `Memory per GPU: ${total.toFixed(2)} GiB`,
    "Fits on GPU: true",
    `Utilization: ${(100 * total / 80).toFixed(1)} %`,
  ]);
});

Deno.test("docs/engine-formulas.md says where text and program differ", () => {
  for (const words of ["8 bytes a parameter", "counts 12", "NVMe"]) {
    assertStringIncludes(guide.replaceAll("\n", " "), words);
  }
});
