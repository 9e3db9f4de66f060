import type { CatalogueEntry } from "../../lib/mod.ts";
import { formatCount, kindsOf } from "../../lib/mod.ts";

/** Most models that are listed; who wants others types more. */
const LISTED = 50;

/** A model's size, type and kinds in a few words. */
function aboutModel({ parameters, config }: CatalogueEntry): string {
  const facts = [config["model_type"], ...kindsOf(config)];
  if (parameters !== undefined) facts.unshift(formatCount(parameters));
  return facts.join(" · ");
}

/**
 * The attributes of a field that completes names of models from a list on its page,
 * which is filled as somebody types.
 *
 * @param list The list's id.
 */
export function completed(list: string): Record<string, string> {
  return {
    "list": list,
    "hx-get": "/models/found",
    "hx-trigger": "input delay:150ms",
    "hx-target": `#${list}`,
    "hx-swap": "innerHTML",
    "hx-sync": "this:replace",
  };
}

/** The first of the models that were found, as options of a list. */
export function ModelsFound(
  { found }: { found: readonly CatalogueEntry[] },
) {
  return (
    <>
      {found.slice(0, LISTED).map((entry) => (
        <option value={entry.id}>{aboutModel(entry)}</option>
      ))}
    </>
  );
}
