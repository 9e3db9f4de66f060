import type { TestExpression, Word } from "unbash";
import { textOf } from "./expand.ts";
import { hasUnset, unsetIn } from "./unset.ts";
import type { Variables } from "./variables.ts";

/** Whether a condition holds; null where the text does not tell it. */
export interface Verdict {
  holds: boolean | null;
  /** Variables that would tell. */
  waits: readonly string[];
}

const UNKNOWN: Verdict = { holds: null, waits: [] };

/** Tests of files are about a machine; what is compared is told by the text. */
export function testHolds(
  expression: TestExpression,
  variables: Variables,
): Verdict {
  switch (expression.type) {
    case "TestGroup":
      return testHolds(expression.expression, variables);
    case "TestNot": {
      const { holds, waits } = testHolds(expression.operand, variables);
      return holds === null ? { holds, waits } : {
        holds: expression.negations.length % 2 === 1 ? !holds : holds,
        waits,
      };
    }
    case "TestLogical": {
      const all = expression.operands.map((each) => testHolds(each, variables));
      const decides = expression.operator === "||";
      if (all.some(({ holds }) => holds === decides)) {
        return { holds: decides, waits: [] };
      }
      return all.some(({ holds }) => holds === null)
        ? { holds: null, waits: all.flatMap(({ waits }) => waits) }
        : { holds: !decides, waits: [] };
    }
    case "TestUnary":
      return unary(expression.operator, textOf(expression.operand, variables));
    case "TestBinary":
      return binary(
        textOf(expression.left, variables),
        expression.operator,
        textOf(expression.right, variables),
      );
  }
}

/** `[ … ]` and `test …`, by their words. */
export function bracketHolds(
  words: readonly Word[],
  variables: Variables,
): Verdict {
  const texts = words.map((word) => textOf(word, variables))
    .filter((text) => text !== "]");
  for (const [joint, decides] of [["-o", true], ["-a", false]] as const) {
    const at = texts.indexOf(joint);
    if (at <= 0) continue;
    const left = plainHolds(texts.slice(0, at));
    const right = plainHolds(texts.slice(at + 1));
    if (left.holds === decides || right.holds === decides) {
      return { holds: decides, waits: [] };
    }
    return left.holds === null || right.holds === null
      ? { holds: null, waits: [...left.waits, ...right.waits] }
      : { holds: !decides, waits: [] };
  }
  return plainHolds(texts);
}

function plainHolds(texts: readonly string[]): Verdict {
  const [first = "", second = "", third] = texts;
  if (first === "!" && texts.length > 1) {
    const { holds, waits } = plainHolds(texts.slice(1));
    return { holds: holds === null ? null : !holds, waits };
  }
  if (texts.length === 1) return unary("-n", first);
  if (texts.length === 2) return unary(first, second);
  if (texts.length === 3 && third !== undefined) {
    return binary(first, second, third);
  }
  return UNKNOWN;
}

function unary(operator: string, text: string): Verdict {
  // What the caller does not set is empty.
  const empty = text === "" || /^\uE000\w+$/.test(text);
  if (operator === "-n") return { holds: !empty, waits: [] };
  return operator === "-z" ? { holds: empty, waits: [] } : UNKNOWN;
}

const NUMBERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "-eq": (a, b) => a === b,
  "-ne": (a, b) => a !== b,
  "-lt": (a, b) => a < b,
  "-le": (a, b) => a <= b,
  "-gt": (a, b) => a > b,
  "-ge": (a, b) => a >= b,
};

function binary(left: string, operator: string, right: string): Verdict {
  if (hasUnset(left) || hasUnset(right)) {
    // Comparing with nothing asks whether it is set.
    if (right.replaceAll("x", "") === "" && /^x?\uE000\w+$/.test(left)) {
      return { holds: /^==?$/.test(operator), waits: [] };
    }
    return {
      holds: null,
      waits: [...unsetIn(left), ...unsetIn(right)].filter((name) =>
        name !== ""
      ),
    };
  }
  const compare = NUMBERS[operator];
  if (compare) {
    const [a, b] = [Number(left), Number(right)];
    return Number.isNaN(a) || Number.isNaN(b)
      ? UNKNOWN
      : { holds: compare(a, b), waits: [] };
  }
  if (operator === "=" || operator === "==") {
    return { holds: matches(left, right), waits: [] };
  }
  return operator === "!="
    ? { holds: !matches(left, right), waits: [] }
    : UNKNOWN;
}

/** Whether a text is as a pattern with `*` at its ends says. */
export function matches(text: string, pattern: string): boolean {
  if (!pattern.includes("*")) return text === pattern;
  const bare = pattern.replaceAll("*", "");
  const [open, closed] = [pattern.startsWith("*"), pattern.endsWith("*")];
  if (open && closed) return text.includes(bare);
  return open ? text.endsWith(bare) : text.startsWith(bare);
}
