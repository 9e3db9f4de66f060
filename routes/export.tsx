import { Hono } from "hono";
import {
  exportScenario,
  fromQuery,
  parseScenario,
  toQuery,
} from "../lib/mod.ts";
import { Problems } from "../templates/answer/problems.tsx";
import { Exports } from "../templates/exports.tsx";
import { Layout } from "../templates/layout.tsx";
import { ofAddress } from "./caching.ts";
import { pageParameters } from "./page_parameters.ts";

const TITLE = "For other tools · Headroom";
const TYPES = {
  yaml: "application/yaml",
  json: "application/json",
  shell: "application/x-sh",
  modelfile: "text/plain",
} as const;

/**
 * The page's scenario as configurations of other tools: all of them on a page,
 * and one (`format`) as a file.
 */
export const exportRoute: Hono = new Hono().get("/export", (c) => {
  const query = pageParameters(c.req.url);
  const format = query.get("format");
  query.delete("format");
  const parsed = parseScenario(fromQuery(query));
  const wanted = parsed.ok && format !== null
    ? exportScenario(parsed.value, format)
    : parsed;
  if (!wanted.ok || !parsed.ok) {
    return c.html(
      <Layout title={TITLE}>
        <main class="single" id="answer">
          <h1>For other tools</h1>
          <Problems problems={wanted.ok ? [] : wanted.problems} form={false} />
        </main>
      </Layout>,
      422,
    );
  }
  ofAddress(c);
  if ("text" in wanted.value) {
    const { text, file, syntax } = wanted.value;
    return c.body(text, 200, {
      "Content-Type": `${TYPES[syntax]}; charset=utf-8`,
      "Content-Disposition": `attachment; filename="${file}"`,
    });
  }
  return c.html(
    <Layout title={TITLE} scenario={toQuery(parsed.value)}>
      <Exports scenario={parsed.value} query={toQuery(parsed.value)} />
    </Layout>,
  );
});
