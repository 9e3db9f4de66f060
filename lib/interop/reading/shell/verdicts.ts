import type { AndOr, PipelineNode } from "unbash";
import { sumOf } from "./arithmetic.ts";
import { wordsOf } from "./command_words.ts";
import type { Verdict } from "./conditions.ts";
import { bracketHolds, testHolds } from "./conditions.ts";
import { unsetIn } from "./unset.ts";
import type { Variables } from "./variables.ts";

/** What a condition comes to; null where the node is none. */
export function verdictOf(
  node: PipelineNode | AndOr,
  variables: Variables,
): Verdict | null {
  if (node.type === "Pipeline" && node.commands.length === 1) {
    const [only] = node.commands;
    const verdict = only ? verdictOf(only, variables) : null;
    const negates = node.prefixes.filter(({ type }) => type === "Negation");
    if (!verdict || negates.length % 2 === 0) return verdict;
    return verdict.holds === null
      ? verdict
      : { ...verdict, holds: !verdict.holds };
  }
  if (node.type === "AndOr") return joined(node, variables);
  if (node.type === "TestCommand") {
    return testHolds(node.expression, variables);
  }
  if (node.type === "ArithmeticCommand") {
    const missing = new Set<string>();
    const value = sumOf(node.expression, variables, missing);
    return {
      holds: value === null ? null : value !== 0,
      waits: [...missing].flatMap(unsetIn),
    };
  }
  if (node.type !== "Command" || !node.name) return null;
  if (node.name.value === "true" || node.name.value === "false") {
    return { holds: node.name.value === "true", waits: [] };
  }
  return node.name.value === "[" || node.name.value === "test"
    ? bracketHolds(wordsOf(node), variables)
    : null;
}

function joined(
  { commands, operators }: AndOr,
  variables: Variables,
): Verdict | null {
  let sum: Verdict | null = null;
  for (const [at, each] of commands.entries()) {
    const next = verdictOf(each, variables);
    if (!next) return null;
    if (!sum) {
      sum = next;
      continue;
    }
    const decides = operators[at - 1] === "||";
    if (sum.holds === decides || next.holds === decides) {
      sum = { holds: decides, waits: [] };
    } else if (sum.holds === null || next.holds === null) {
      sum = { holds: null, waits: [...sum.waits, ...next.waits] };
    } else sum = { holds: !decides, waits: [] };
  }
  return sum;
}
