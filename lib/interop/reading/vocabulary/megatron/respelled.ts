import type { FileSettings, Rule, Unexpressed } from "../../format.ts";

/** Megatron-LM's flags as other tools' files write them: with underscores. */
export function withUnderscores(flag: string): string {
  return flag.replaceAll("-", "_");
}

/** Rules of Megatron-LM's flags for a tool that spells them otherwise. */
export function respelled(
  rules: readonly Rule[],
  spell: (flag: string) => string = withUnderscores,
): Rule[] {
  return rules.map((rule) => ({
    ...rule,
    keys: rule.keys.map(spell),
    read: (setting, draft, all: FileSettings) =>
      rule.read(setting, draft, all.spelled(spell)),
  }));
}

/** The same for flags that no field says. */
export function respelledReasons(
  unexpressed: readonly Unexpressed[],
  spell: (flag: string) => string = withUnderscores,
): Unexpressed[] {
  return unexpressed.map((each) => ({ ...each, keys: each.keys.map(spell) }));
}
