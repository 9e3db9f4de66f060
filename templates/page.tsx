import type { Child } from "hono/jsx";
import { estimate, PRESETS, toQuery } from "../lib/mod.ts";
import type { FormState } from "./form/form_state.ts";
import type { ImportState } from "./form/import_form.tsx";
import { ImportForm } from "./form/import_form.tsx";
import { ScenarioForm, Tabs } from "./form/form.tsx";
import { Layout } from "./layout.tsx";

/** The presets' links, worked out once. */
const EXAMPLES = PRESETS.map(({ id, title, about, scenario }) => ({
  id,
  title,
  about,
  href: `/?${toQuery(estimate(scenario).scenario)}`,
}));

/** The page: examples, the form, and the answer beside it. */
export function Page(
  {
    title,
    state,
    refreshSeconds,
    importing = null,
    query = "",
    report,
    children,
  }: {
    title: string;
    /** When to load the page anew, where its answer is not there yet. */
    refreshSeconds?: number;
    state: FormState;
    /** What stands in the form for configuration files. */
    importing?: ImportState | null;
    /** The scenario's query, for that form. */
    query?: string;
    /** What became of a configuration; it stays while the form changes. */
    report?: Child;
    children: Child;
  },
) {
  return (
    <Layout title={title} scenario={query} refreshSeconds={refreshSeconds}>
      <nav class="examples" aria-label="Examples">
        <h2>Examples</h2>
        <ul>
          {EXAMPLES.map(({ id, title, about, href }) => (
            <li>
              <a href={href} id={`example-${id}`}>
                <strong>{title}</strong>
                <span>{about}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main class="columns">
        <h1 class="unseen">Will it fit?</h1>
        {report}
        <div class="settings">
          <ImportForm state={importing} query={query} />
          <Tabs state={state} />
          <ScenarioForm state={state} />
        </div>
        <p id="said" class="unseen" role="status"></p>
        <div id="answer" class="answer">{children}</div>
      </main>
    </Layout>
  );
}
