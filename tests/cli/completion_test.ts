import { assert, assertEquals, assertMatch } from "@std/assert";
import { FLAGS } from "../../lib/mod.ts";
import { headroom, headroomEach } from "./headroom.ts";

/** What bash offers for a line whose last word is being typed. */
async function offered(script: string, line: string[]): Promise<string[]> {
  const words = line.map((word) => `'${word}'`).join(" ");
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: [
      "-c",
      `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=${
        line.length - 1
      }; _headroom; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
  }).output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stderr)], [0, ""]);
  return decoder.decode(stdout).trim().split("\n");
}

Deno.test("bash completes commands, flags, models, GPUs and what a flag takes", async () => {
  const { code, out, err } = await headroom(["completion", "bash"]);
  assertEquals([code, err], [0, ""]);
  const cases: [line: string[], wanted: string[]][] = [
    [["headroom", "esti"], ["estimate"]],
    [["headroom", "Qwen/Qwen3-32B-FP8-"], [
      "Qwen/Qwen3-32B-FP8-Static-PerTensor",
    ]],
    [["headroom", "estimate", "--ful"], [""]],
    [["headroom", "estimate", "--qlo"], ["--qlora"]],
    [["headroom", "Qwen/Qwen3-32B", "--qlo"], ["--qlora"]],
    [["headroom", "estimate", "--task", ""], ["train", "serve"]],
    [["headroom", "estimate", "--gpu", "RTX-4090-"], ["RTX-4090-Laptop"]],
    [["headroom", "compare", "Qwen/Qwen3-32B-FP8-"], [
      "Qwen/Qwen3-32B-FP8-Static-PerTensor",
    ]],
    [["headroom", "completion", "f"], ["fish"]],
    [["headroom", "validate", "configs/my_"], ["configs/my_config.json"]],
  ];
  for (const [line, wanted] of cases) {
    assertEquals(await offered(out, line), wanted, line.join(" "));
  }
  const { out: laptop } = await headroom(["gpt2", "--gpu", "RTX-4090-Laptop"]);
  assertMatch(laptop, /on RTX 4090 Laptop/);
});

Deno.test("every shell is told of every flag, and an unknown one is refused", async () => {
  const [zsh, fish, other] = await headroomEach([
    ["completion", "zsh"],
    ["completion", "fish"],
    ["completion", "tcsh"],
  ]);
  for (const { name } of FLAGS) {
    assert(zsh?.out.includes(`'*${name}[`), name);
    assert(fish?.out.includes(`-l ${name.slice(2)} `), name);
  }
  assertEquals([other?.code, other?.out], [2, ""]);
  assertMatch(other?.err ?? "", /bash, zsh, fish/);
});
