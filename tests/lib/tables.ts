import { estimate } from "../../lib/mod.ts";
import type { TablesConfig } from "../../lib/tables/config.ts";
import { DEFAULT_TABLES } from "../../lib/tables/config.ts";
import type { Tables } from "../../lib/tables/mod.ts";
import { tablesOf } from "../../lib/tables/mod.ts";
import type { TablesSettings } from "../../lib/tables/settings.ts";
import { parseTablesSettings } from "../../lib/tables/settings.ts";
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
