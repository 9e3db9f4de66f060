import type { Assignment, Command, Word } from "unbash";

/** The words of a command, without its redirections. */
export function wordsOf({ name, suffix }: Command, named = false): Word[] {
  const words = suffix.flatMap((each): Word[] => {
    if (each.type === "Word") return [each];
    if (each.type !== "Assignment" || each.value.type !== "Word") return [];
    const key = `${each.name}=`;
    const literal = {
      type: "Literal",
      pos: each.pos,
      end: each.pos,
      value: key,
      text: key,
    } as const;
    const { value } = each;
    return [{
      ...value,
      value: `${key}${value.value}`,
      parts: [literal, ...value.parts ?? [{ ...literal, value: value.value }]],
    }];
  });
  return named && name ? [name, ...words] : words;
}

/** What a command sets. */
export function assignmentsOf({ prefix, suffix }: Command): Assignment[] {
  return [...prefix, ...suffix].filter((each) => each.type === "Assignment");
}

/** The text that `eval` and `bash -c` run; null where a command runs none. */
export function innerText(
  words: readonly string[],
): { around: readonly string[]; text: string } | null {
  if (words[0] === "eval") {
    return { around: [], text: words.slice(1).join(" ") };
  }
  const at = words.findIndex((word, place) =>
    /^-\w*c$/.test(word) &&
    /(?:^|\/)(?:ba|z|da)?sh$/.test(words[place - 1] ?? "")
  );
  const text = at < 0 ? undefined : words[at + 1];
  return text === undefined
    ? null
    : { around: words.slice(0, Math.max(0, at - 1)), text };
}
