import { DEFAULT_SCENARIO, toQuery } from "../../lib/mod.ts";
import type { TablesSettings } from "../../lib/ask/tables/settings.ts";
import { DEFAULT_SETTINGS } from "../../lib/ask/tables/settings.ts";

/** Names of the page's settings beside the model's. */
const NAMES = [
  "dtype",
  "lora_rank",
  "batch_size",
  "sequence_length",
  "count",
] as const;

/** What stands in the page's form, as text. */
export interface TablesForm {
  /** The model by the names of the address: model, or model.config and so on. */
  model: readonly [name: string, text: string][];
  texts: Record<typeof NAMES[number], string>;
  /** What is wrong with a field, by its name. */
  errors: ReadonlyMap<string, string>;
}

/** The form as somebody filled it in; what is blank has its default. */
export function formOf(
  typed: URLSearchParams,
  errors: ReadonlyMap<string, string>,
): TablesForm {
  const model = [...typed].filter(([name, text]) =>
    /^model(\.|$)/.test(name) && text.trim() !== ""
  );
  const texts = Object.fromEntries(
    NAMES.map((name) => [
      name,
      typed.getAll(name).at(-1)?.trim() || String(DEFAULT_SETTINGS[name]),
    ]),
  ) as TablesForm["texts"];
  return { model, texts, errors };
}

/** The page's address: the model, and what differs from the defaults. */
export function tablesAddress(settings: TablesSettings): string {
  const own = NAMES.flatMap((name) => {
    const text = String(settings[name]);
    return text === String(DEFAULT_SETTINGS[name]) ? [] : [
      `${name}=${encodeURIComponent(text).replaceAll("%2C", ",")}`,
    ];
  });
  const model = toQuery({ ...DEFAULT_SCENARIO, model: settings.model });
  return `/tables?${[model, ...own].join("&")}`;
}

/** The address of what was typed, right or wrong. */
export function typedAddress(typed: URLSearchParams): string {
  const usual: Record<string, unknown> = DEFAULT_SETTINGS;
  const filled = [...typed].filter(([name, text]) =>
    text.trim() !== "" && text !== String(usual[name])
  );
  return `/tables?${new URLSearchParams(filled)}`;
}
