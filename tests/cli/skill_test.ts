import { assert, assertEquals } from "@std/assert";
import { headroomEach } from "./headroom.ts";
import skill from "../../SKILL.md" with { type: "text" };

/** Command lines of a text, each as its words. */
function linesIn(text: string): string[][] {
  return [...text.matchAll(/^headroom (.+)$/gm)].map(([, line = ""]) =>
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, a, b]) => a ?? b ?? "")
  );
}

Deno.test("what SKILL.md tells agents to type runs, and answers as it says", async () => {
  const lines = linesIn(skill).filter((words) => !words.includes("--from"));
  assert(lines.length >= 8, `${lines.length}`);
  for (const { args, code, err } of await headroomEach(lines)) {
    const wanted = args.includes("--check") ? 3 : 0;
    assertEquals([code, err], [wanted, ""], args.join(" "));
  }
});

Deno.test("SKILL.md has the front matter that agents look for", () => {
  const [, name, description = ""] =
    skill.match(/^---\nname: ([a-z-]+)\ndescription: (.+)\n---\n/) ?? [];
  assertEquals(name, "headroom");
  assert(description.length > 80 && description.length < 1024);
});
