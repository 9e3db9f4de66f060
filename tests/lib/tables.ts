import { estimate } from "../../lib/mod.ts";
import type { TablesConfig } from "../../lib/ask/tables/config.ts";
import { DEFAULT_TABLES } from "../../lib/ask/tables/config.ts";
import type { Tables } from "../../lib/ask/tables/mod.ts";
import { tablesOf } from "../../lib/ask/tables/mod.ts";
import type { TablesSettings } from "../../lib/ask/tables/settings.ts";
import { parseTablesSettings } from "../../lib/ask/tables/settings.ts";
import { assertOk } from "./results.ts";

export const DIALOGPT = "microsoft/DialoGPT-medium";

export function settingsOf(input: Record<string, unknown>): TablesSettings {
  const parsed = parseTablesSettings(input, DEFAULT_TABLES);
  assertOk(parsed);
  return parsed.value;
}

export function tables(
  input: Record<string, unknown>,
  config: TablesConfig = DEFAULT_TABLES,
): Tables {
  const settings = settingsOf(input);
  return tablesOf(estimate({ model: settings.model }).model, settings, config);
}
