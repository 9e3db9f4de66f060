import { isObject } from "../../scenario/fields.ts";
import type { Document } from "./document.ts";
import type { Draft } from "./draft.ts";
import type { Format } from "./format.ts";
import { FileSettings } from "./format.ts";
import { withDollars } from "./shell/unset.ts";
import { isOff } from "./values.ts";
import { waitsForVariable } from "./wait_for_variable.ts";

/** Why a setting is left out that no reader has. */
export const NOT_KNOWN = "not known: may move memory";

/**
 * Reads settings by a format's rules: first what the rules know, in their
 * order, then every other setting, which is named with the reason.
 *
 * @param prefix What stands before the keys, for settings within others.
 */
export function applyFormat(
  format: Format,
  document: Document,
  draft: Draft,
  prefix = "",
): void {
  const all = new FileSettings(document.values, prefix);
  const known = new Set<string>();
  for (const rule of format.rules) {
    for (const key of rule.keys) {
      known.add(key);
      const value = all.raw(key);
      if (value === undefined) continue;
      const setting = { key: prefix + key, value };
      if (!waitsForVariable(setting, rule, draft, format)) {
        rule.read(setting, draft, all);
      }
    }
  }
  const reasons = new Map(
    format.unexpressed.flatMap((each) =>
      each.keys.map((key) => [key, each] as const)
    ),
  );
  for (const [key, value] of leavesOf(document.values, known, reasons)) {
    const setting = {
      key: prefix + key,
      value: typeof value === "string" ? withDollars(value) : value,
    };
    const unexpressed = reasons.get(key);
    if (unexpressed) {
      if (isOff(value)) draft.leave(setting, "switched off");
      else if (value === "auto") draft.leave(setting, "left to the tool");
      else draft.leave(setting, unexpressed.reason, unexpressed.moves_memory);
    } else if (format.neutral.some((pattern) => pattern.test(key))) {
      draft.leave(
        setting,
        format.serves
          ? "decides no GPU memory"
          : "decides no GPU memory of a training step",
      );
    } else {
      draft.leave(setting, NOT_KNOWN, true);
    }
  }
  const matters = (flag: string): boolean =>
    known.has(flag) || known.has(flag.replaceAll("-", "_")) ||
    reasons.get(flag)?.moves_memory === true;
  for (const { names, flags } of document.undecided ?? []) {
    const deciding = [...new Set(flags.filter(matters))];
    if (deciding.length === 0) continue;
    for (const name of names) {
      draft.want({
        kind: "variable",
        name,
        paths: [],
        key: deciding[0] ?? "",
        reason: `whether --${
          deciding.slice(0, 3).join(", --")
        } are given depends on $${name}, which the text does not set: give ${name}`,
      });
    }
  }
  for (const note of document.notes) {
    // What a log does not tell is no setting that is left out.
    const isLog = document.figures !== undefined;
    draft.leave(
      { key: isLog ? "the log" : "the script", value: "…" },
      note,
      !isLog,
    );
  }
  draft.figures.push(...document.figures ?? []);
  // Of settings that win over a file, the file has the rest.
  if (document.file === undefined) format.finish?.(draft, all, document);
}

/** Every set value that no rule takes, by dotted key. */
function* leavesOf(
  values: Record<string, unknown>,
  known: ReadonlySet<string>,
  reasons: ReadonlyMap<string, unknown>,
  prefix = "",
): Generator<[key: string, value: unknown]> {
  for (const [name, value] of Object.entries(values)) {
    const key = prefix + name;
    if (value === null || value === undefined) continue;
    const taken = known.has(key);
    const told = taken || reasons.has(key);
    if (isObject(value) && (!told || holdsMore(key, known, reasons))) {
      yield* leavesOf(value, known, reasons, `${key}.`);
    } else if (!taken) yield [key, value];
  }
}

/** Whether settings within a section are read one by one. */
function holdsMore(
  key: string,
  known: ReadonlySet<string>,
  reasons: ReadonlyMap<string, unknown>,
): boolean {
  const inside = (each: string): boolean => each.startsWith(`${key}.`);
  return [...known].some(inside) || [...reasons.keys()].some(inside);
}
