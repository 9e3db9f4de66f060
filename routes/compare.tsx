import { Hono } from "hono";
import type { LookUps } from "../hub/look_up.ts";
import { neighbours } from "../lib/ask/compare/neighbours.ts";
import { MAX_COMPARED, parseScenario, PRESETS, toQuery } from "../lib/mod.ts";
import type { Column } from "../templates/compare/column.ts";
import { ComparePage } from "../templates/compare/compare_page.tsx";
import type { Slot } from "../templates/form/comparison.ts";
import {
  comparisonAddress,
  plainText,
  readSlots,
} from "../templates/form/comparison.ts";
import { typedQuery } from "../templates/form/form_state.ts";
import { PAGE_FIELDS } from "../templates/form/page_fields.ts";
import { ofAnswers } from "./caching.ts";
import { MAX_QUERY_LENGTH } from "./limits.ts";
import { pageParameters } from "./page_parameters.ts";
import { answerTo, pageAddress, readPageQuery } from "./page_query.ts";

/** How long the page waits for the Hub before it tells how far it is. */
const WAIT_MS = 2000;
/** How soon a browser asks again. */
const REFRESH_SECONDS = 2;

/** Scenarios side by side: the address holds every one of them. */
export function compareRoute(lookUps: LookUps | null): Hono {
  return new Hono().get("/compare", async (c) => {
    const { origin } = new URL(c.req.url);
    const searchParams = pageParameters(c.req.url);
    const slots = begun(searchParams);
    const typed = plainText(searchParams.get("add") ?? "");
    const added = typed === "" ? null : slotFrom(typed, slots);
    let problem = added !== null && "problem" in added ? added.problem : null;
    if (added !== null && !("problem" in added)) {
      const address = comparisonAddress([...slots, added]);
      const length = origin.length + address.length;
      if (length <= MAX_QUERY_LENGTH) return c.redirect(address, 303);
      problem =
        `The comparison must fit in an address of ${MAX_QUERY_LENGTH} characters: with this scenario it has ${length}`;
    }
    const columns = await Promise.all(
      slots.map((slot, at) => columnOf(slots, slot, at, lookUps)),
    );
    const states = columns.map(({ answer }) => answer.state);
    const waits = states.includes("under way");
    if (waits) c.header("Refresh", `${REFRESH_SECONDS}`);
    ofAnswers(
      c,
      columns.map(({ answer }) => answer),
      columns.some(({ headers }) => headers),
    );
    return c.html(
      <ComparePage columns={columns} problem={problem} typed={typed} />,
      states.includes("refused") || problem !== null ? 422 : waits ? 202 : 200,
    );
  });
}

/**
 * The scenarios that an address holds. One alone, as the page's links give it,
 * begins a comparison with its neighbours; so does the first example where there
 * is none.
 */
function begun(query: URLSearchParams): Slot[] {
  const slots = readSlots(query);
  if (query.has("s1") || slots.length > 1) return slots;
  const [alone] = slots;
  if (alone === undefined) {
    return [...query.keys()].some((name) => /^s\d$/.test(name))
      ? slots
      : withNeighbours(slotOf(PRESETS[0].scenario, PRESETS[0].title));
  }
  return withNeighbours(alone);
}

/** A scenario that is there, with what is worth setting beside it. */
function withNeighbours(first: Slot | null): Slot[] {
  if (first === null) return [];
  const { input, headers } = readPageQuery(new URLSearchParams(first.query));
  const parsed = parseScenario(input);
  if (!parsed.ok) return [first];
  return [
    first,
    ...neighbours(parsed.value).map(({ name, scenario }) => ({
      query: pageAddress(toQuery(scenario), headers).slice("/?".length),
      name,
    })),
  ];
}

/** An example as a scenario of a comparison. */
function slotOf(input: unknown, name: string): Slot | null {
  const parsed = parseScenario(input);
  return parsed.ok ? { query: toQuery(parsed.value), name } : null;
}

async function columnOf(
  slots: readonly Slot[],
  slot: Slot,
  at: number,
  lookUps: LookUps | null,
): Promise<Column & { headers: boolean }> {
  const asked = readPageQuery(new URLSearchParams(slot.query));
  const answer = await answerTo(asked, lookUps, {
    lookUp: "once",
    waitMs: WAIT_MS,
    wanted: {},
  });
  const query = answer.state === "answered"
    ? toQuery(answer.estimate.scenario)
    : typedQuery(asked.typed);
  const change = (place: number): string =>
    pageAddress(query, asked.headers, { slots: [...slots], at: place });
  return {
    slot,
    answer,
    headers: asked.headers,
    change: change(at),
    copy: slots.length < MAX_COMPARED ? change(slots.length) : null,
    remove: comparisonAddress(slots.filter((_, other) => other !== at)),
  };
}

/**
 * What somebody wants to add: the address or query of a scenario, an example, or
 * a model's name, which takes the settings of the first scenario.
 */
function slotFrom(
  typed: string,
  slots: readonly Slot[],
): Slot | { problem: string } {
  if (slots.length >= MAX_COMPARED) {
    return {
      problem:
        `A comparison must have at most ${MAX_COMPARED} scenarios: current value is ${
          slots.length + 1
        }`,
    };
  }
  const preset = PRESETS.find(({ id }) => id === typed);
  const example = preset && slotOf(preset.scenario, preset.title);
  if (example) return example;
  const at = typed.indexOf("?");
  const query = at >= 0 ? typed.slice(at + 1) : typed;
  if (at >= 0 || /^[\w.]+=/.test(query)) {
    const read = new URLSearchParams(query);
    for (const name of Object.values(PAGE_FIELDS)) {
      if (name !== PAGE_FIELDS.countFrom) read.delete(name);
    }
    return read.size > 0 ? { query: plainQuery(read), name: "" } : {
      problem:
        "The address must be one of a scenario: current value has no settings",
    };
  }
  const settings = new URLSearchParams(slots[0]?.query ?? "");
  for (const name of [...settings.keys()]) {
    if (name === "model" || name.startsWith("model.")) settings.delete(name);
  }
  return {
    query: plainQuery(new URLSearchParams([["model", typed], ...settings])),
    name: "",
  };
}

/** A query as the main page writes it where it can. */
function plainQuery(query: URLSearchParams): string {
  const { input, headers } = readPageQuery(query);
  const parsed = parseScenario(input);
  return parsed.ok
    ? pageAddress(toQuery(parsed.value), headers).slice("/?".length)
    : query.toString();
}
