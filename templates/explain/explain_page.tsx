import type { Child } from "hono/jsx";
import { Layout } from "../layout.tsx";
import type { ErrorFormState } from "./error_form.tsx";
import { ErrorForm } from "./error_form.tsx";

/** The page that explains an error of memory. */
export function ExplainPage(
  { state, answer }: {
    state: ErrorFormState;
    /** Null before anything was sent. */
    answer: Child;
  },
) {
  return (
    <Layout title="Explain an error · Headroom" scenario={state.scenario}>
      <main class="single">
        <h1>Explain an out-of-memory error</h1>
        <p id="said" class="unseen" role="status"></p>
        <div id="answer">{answer}</div>
        <ErrorForm state={state} />
      </main>
    </Layout>
  );
}
