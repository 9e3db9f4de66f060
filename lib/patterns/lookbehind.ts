import { Unreadable } from "./pattern_reader.ts";
import type { Look, Syntax } from "./syntax.ts";
import { sequence, setOf } from "./syntax.ts";

/** Any characters, as many as there are. */
const ANYTHING: Syntax = {
  kind: "repeat",
  item: setOf([], { negated: true }),
  min: 0,
  max: null,
};
const END: Syntax = { kind: "edge", edge: "end" };

/**
 * Writes lookbehinds at the end of a pattern as lookaheads at its beginning:
 * what ends before the end of the name is how the name ends.
 *
 * @throws {Unreadable} Where a lookbehind stands anywhere else.
 */
export function withoutLookbehind(syntax: Syntax): Syntax {
  if (syntax.kind === "choice") {
    return { ...syntax, items: syntax.items.map(withoutLookbehind) };
  }
  const items = syntax.kind === "sequence" ? [...syntax.items] : [syntax];
  const conditions: Syntax[] = [];
  const ends: Syntax[] = [];
  for (let last = items.at(-1); last; last = items.at(-1)) {
    if (isEnd(last)) ends.unshift(last);
    else if (last.kind === "look" && last.behind) {
      conditions.unshift(aheadOf(last));
    } else break;
    items.pop();
  }
  const whole = [...conditions, ...items, ...ends];
  if (whole.some(hasLookbehind)) {
    throw new Unreadable(
      "must have lookbehinds, (?<= and (?<!, at its end only: write a lookahead at its beginning instead, such as ^(?!.*vision)",
    );
  }
  return sequence(whole);
}

function isEnd(syntax: Syntax): boolean {
  return syntax.kind === "edge" && syntax.edge === "end";
}

function aheadOf({ item, negated }: Look): Syntax {
  return {
    kind: "look",
    behind: false,
    negated,
    item: sequence([ANYTHING, item, END]),
  };
}

function hasLookbehind(syntax: Syntax): boolean {
  switch (syntax.kind) {
    case "look":
      return syntax.behind || hasLookbehind(syntax.item);
    case "repeat":
      return hasLookbehind(syntax.item);
    case "sequence":
    case "choice":
      return syntax.items.some(hasLookbehind);
    default:
      return false;
  }
}
