import type { Context } from "hono";
import { Hono } from "hono";
import type { Result } from "../lib/mod.ts";
import {
  exportScenario,
  fromQuery,
  parseScenario,
  refusalOf,
  scenarioOfConfiguration,
} from "../lib/mod.ts";
import { readJson } from "./api_body.ts";
import { ofScenarios } from "./caching.ts";
import { givenIn, importSent, readForm } from "./configuration_form.ts";

/**
 * The door for programs to configuration files. `/import` takes one as its body,
 * or several as the files of a form, and what an answer called missing as
 * `given.NAME=…`; `/export?format=…` takes a scenario.
 */
export const apiConfigurationsRoute: Hono = new Hono()
  .post("/api/v1/import", async (c) => {
    const type = c.req.header("content-type") ?? "";
    if (type.startsWith("multipart/form-data")) {
      const form = await c.req.formData().catch(() => null);
      // Whoever asks may add a model to what comes back.
      const sent = { ...readForm(form), model: "-" };
      const read = await importSent(sent);
      return reply(
        c,
        read.ok ? { ok: true, value: withoutDash(read.value) } : read,
      );
    }
    const name = c.req.query("name");
    const given = givenIn(Object.entries(c.req.query()));
    return reply(c, scenarioOfConfiguration(await c.req.text(), name, given));
  })
  .post("/api/v1/export", async (c) => {
    const input = readJson(await c.req.text(), "a scenario");
    const parsed = input.ok ? parseScenario(input.value) : input;
    return reply(c, exported(parsed, c.req.query("format")));
  })
  .get("/api/v1/export", (c) => {
    const query = new URL(c.req.url).searchParams;
    query.delete("format");
    const parsed = parseScenario(fromQuery(query));
    if (parsed.ok) ofScenarios(c, [parsed.value.model]);
    return reply(c, exported(parsed, c.req.query("format")));
  });

function exported(
  parsed: ReturnType<typeof parseScenario>,
  format = "",
): Result<object> {
  return parsed.ok ? exportScenario(parsed.value, format) : parsed;
}

function withoutDash<T extends { scenario: Record<string, unknown> }>(
  imported: T,
): T {
  const { model, ...rest } = imported.scenario;
  return model === "-" ? { ...imported, scenario: rest } : imported;
}

function reply(c: Context, result: Result<object>): Response {
  return result.ok
    ? c.json(result.value)
    : c.json(refusalOf(result.problems), 422);
}
