import { Hono } from "hono";
import type { Estimate } from "../lib/mod.ts";
import { formatBytes, fromQuery, PRESETS, toQuery } from "../lib/mod.ts";
import { estimateOnHub } from "../hub/estimate.ts";
import type { Hub } from "../hub/mod.ts";
import { Answer } from "../templates/answer/answer.tsx";
import { Problems } from "../templates/answer/problems.tsx";
import { formOfQuery, formOfScenario } from "../templates/form/form_state.ts";
import { Page } from "../templates/page.tsx";

/** The page: its address is the scenario. */
export function pageRoute(hub: Hub | null): Hono {
  return new Hono().get("/", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const input = fromQuery(query);
    const first = Object.keys(input).length === 0;
    const result = await estimateOnHub(
      first ? PRESETS[0].scenario : input,
      hub,
      { curve: true },
    );
    if (!result.ok) {
      return c.html(
        <Page
          title="Headroom: will it fit?"
          state={formOfQuery(query, result.problems)}
        >
          <Problems problems={result.problems} />
        </Page>,
        422,
      );
    }
    const { scenario } = result.value;
    if (!first && !isAddress(query, toQuery(scenario))) {
      return c.redirect(`/?${toQuery(scenario)}`, 303);
    }
    return c.html(
      <Page title={titleOf(result.value)} state={formOfScenario(scenario)}>
        <Answer estimate={result.value} />
      </Page>,
    );
  });
}

/** Whether a query is the scenario's own address and nothing more. */
function isAddress(query: URLSearchParams, address: string): boolean {
  return query.toString() === new URLSearchParams(address).toString();
}

function titleOf({ model, memory }: Estimate): string {
  return `${model.name}: ${formatBytes(memory.device_peak_bytes)} · Headroom`;
}
