import type { Child } from "hono/jsx";
import type { BesideLog, Imported } from "../../lib/mod.ts";
import { NOT_KNOWN } from "../../lib/mod.ts";
import { ignoredGroups, sourcesOf } from "../imported_words.ts";
import { BesideLogTable } from "./beside_log.tsx";

/** What became of a configuration: three lists, and a log's figures. */
export function ImportedView(
  { imported, href, beside = [], asks }: {
    imported: Imported;
    /** The address of the scenario that it became. */
    href: string;
    /** A log's figures beside the estimate's. */
    beside?: readonly BesideLog[];
    /** A form for what is missing. */
    asks?: Child;
  },
) {
  const { understood, assumed, ignored, warnings } = imported;
  return (
    <section class="card imported" aria-labelledby="imported-title">
      <h2 id="imported-title">From {sourcesOf(imported)}</h2>
      <p>
        The form holds it now. <a href={href}>Address of this scenario</a>
      </p>
      {asks}
      {warnings.length > 0 && (
        <ul class="imported-warnings">
          {warnings.map((each) => <li>{each}</li>)}
        </ul>
      )}
      {beside.length > 0 && <BesideLogTable rows={beside} />}
      <details>
        <summary>Understood ({understood.length})</summary>
        <ul>
          {understood.map(({ key, value, path, becomes }) => (
            <li>
              <code>{key}</code> = {value} → <code>{path}</code>: {becomes}
            </li>
          ))}
        </ul>
      </details>
      <details open>
        <summary>Assumed ({assumed.length})</summary>
        <ul>
          {assumed.map(({ path, value, reason }) => (
            <li>
              <code>{path}</code>: {value} ({reason})
            </li>
          ))}
        </ul>
      </details>
      <details>
        <summary>Ignored ({ignored.length})</summary>
        <ul>
          {ignoredGroups(ignored).map(({ settings, reason, moves_memory }) => (
            <li>
              {moves_memory && reason !== NOT_KNOWN && (
                <strong>moves memory:</strong>
              )} <code>{settings.join(", ")}</code> ({reason})
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
