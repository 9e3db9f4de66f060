import type { Command, Word } from "unbash";
import { expand, textOf } from "./expand.ts";
import type { WrittenFile } from "./shell_command.ts";
import type { Variables } from "./variables.ts";

/** Programs that write what they are given. */
const WRITERS = /^(?:cat|tee|echo|printf)$/;

/** The files that a command writes, where their text stands in the script. */
export function writtenBy(
  { name, prefix, suffix }: Command,
  variables: Variables,
): WrittenFile[] {
  const redirects = [...prefix, ...suffix];
  const program = name?.value ?? "";
  const writes = WRITERS.test(program);
  const target = redirects.find((each) =>
    each.type === "Redirect" && each.operator.startsWith(">") &&
    !each.descriptor
  );
  const words = suffix.filter((each) => each.type === "Word");
  const named = target?.type === "Redirect" && target.target
    ? textOf(target.target, variables)
    : program === "tee"
    ? words.map((word) => textOf(word, variables)).find((word) =>
      !word.startsWith("-")
    ) ?? null
    : null;
  const files: WrittenFile[] = [];
  for (const each of redirects) {
    if (each.type !== "HereDoc") continue;
    const { body } = each;
    const text = body.parts
      ? textOf(asWord(body.text, body.parts), variables)
      : body.text;
    files.push({ name: writes ? named : null, text });
  }
  if (
    files.length === 0 && named !== null && /^(?:echo|printf)$/.test(program)
  ) {
    const text = words.flatMap((word) => expand(word, variables))
      .filter((word) => !/^-[ne]+$/.test(word)).join(" ");
    files.push({ name: named, text });
  }
  return files;
}

function asWord(text: string, parts: NonNullable<Word["parts"]>): Word {
  return { type: "Word", text, value: text, pos: 0, end: 0, parts };
}
