import type { Child } from "hono/jsx";
import type { TablesConfig } from "../../lib/ask/tables/config.ts";
import { Layout } from "../layout.tsx";
import type { TablesForm } from "./fields.ts";
import { TablesFormView } from "./form.tsx";

/** The tables page: what is asked for, and the tables beside it. */
export function TablesPage(
  { title, form, config, refreshSeconds, children }: {
    title: string;
    form: TablesForm;
    config: TablesConfig;
    /** When to load the page anew, where its answer is not there yet. */
    refreshSeconds?: number | undefined;
    children: Child;
  },
) {
  return (
    <Layout
      title={title}
      scenario={String(new URLSearchParams([...form.model]))}
      refreshSeconds={refreshSeconds}
    >
      <main class="columns">
        <h1 class="unseen">Memory by data type and use</h1>
        <div class="settings">
          <TablesFormView form={form} config={config} />
        </div>
        <p id="said" class="unseen" role="status"></p>
        <div id="answer" class="answer">{children}</div>
      </main>
    </Layout>
  );
}
