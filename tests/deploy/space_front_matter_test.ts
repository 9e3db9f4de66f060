import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
import { PRESETS } from "../../lib/mod.ts";
import space from "../../docs/space.md" with { type: "text" };
import dockerfile from "../../Dockerfile" with { type: "text" };

/** The names of colours that a Space may have. */
const COLOURS = "red yellow green blue indigo purple pink gray".split(" ");

const [, matter = "", text = ""] =
  space.match(/^---\n([^]*?)\n---\n\n([^]+)$/) ?? [];
const front = parse(matter);

Deno.test("the Space is a Docker Space on the port of the image", () => {
  assertEquals(front.title, "Headroom");
  assertEquals(front.sdk, "docker");
  assertEquals(front.app_port, 7860);
  assert(dockerfile.includes(`\nEXPOSE ${front.app_port}\n`));
});

Deno.test("the Space's card is within the limits of the Hub", () => {
  const { short_description: description, emoji } = front;
  assert(description.length > 0 && description.length <= 60);
  assert(COLOURS.includes(front.colorFrom));
  assert(COLOURS.includes(front.colorTo));
  assertEquals([...new Intl.Segmenter().segment(emoji)].length, 1);
  assert(/^\p{Emoji_Presentation}$/u.test(emoji));
  assertEquals(front.pinned, false);
  assertEquals(front.license, "mit");
  assert(front.tags.every((tag: unknown) => typeof tag === "string"));
});

Deno.test("the Space's card has the models of the examples, each with its picture of all", () => {
  assertEquals(front.models, PRESETS.map(({ scenario }) => scenario.model));
  assertEquals(
    new URL(front.thumbnail).pathname,
    "/static/thumbnail.png",
  );
});

Deno.test("space.sh names the thumbnail by the Space's own address, or not at all", async () => {
  for (
    const [remote, named] of [
      [
        "https://huggingface.co/spaces/Some.One/Head_Room",
        "https://some-one-head-room.hf.space/static/thumbnail.png",
      ],
      [
        "git@hf.co:huggingface.co/spaces/a/b.git",
        "https://a-b.hf.space/static/thumbnail.png",
      ],
      ["https://example.org/a/b", undefined],
    ]
  ) {
    const dir = await Deno.makeTempDir();
    try {
      await run("git", "init", "-q", dir);
      await run("git", "-C", dir, "remote", "add", "origin", remote ?? "");
      await run("sh", SCRIPT, dir);
      const card = await Deno.readTextFile(`${dir}/README.md`);
      const [, yaml = ""] = card.match(/^---\n([^]*?)\n---\n/) ?? [];
      assertEquals(parse(yaml).thumbnail, named);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  }
});

const SCRIPT = new URL("../../deploy/space.sh", import.meta.url).pathname;

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args })
    .output();
  assert(success, new TextDecoder().decode(stderr));
}

Deno.test("the Space tells visitors what it is", () => {
  assert(text.startsWith("# Headroom\n"));
});
