import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
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

Deno.test("the Space tells visitors what it is", () => {
  assert(text.startsWith("# Headroom\n"));
});
