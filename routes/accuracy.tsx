import { Hono } from "hono";
import type {
  PointChoices,
  PointFilter,
} from "../lib/evidence/measured_points.ts";
import {
  measuredPoints,
  pointChoices,
} from "../lib/evidence/measured_points.ts";
import { METHOD_BY_NAME } from "../lib/methods/mod.ts";
import { MeasuredPage } from "../templates/accuracy/measured_page.tsx";
import { ofAddress } from "./caching.ts";

const METHODS = Object.keys(METHOD_BY_NAME);
const [USUAL = ""] = METHODS;

/** Every measured figure against what a method predicts, by kinds. */
export const accuracyRoute: Hono = new Hono().get("/accuracy", (c) => {
  const { searchParams } = new URL(c.req.url);
  const choices = pointChoices();
  const { filter, problems } = filterOf(searchParams, choices);
  if (problems.length === 0) ofAddress(c);
  return c.html(
    <MeasuredPage
      points={measuredPoints(filter)}
      filter={filter}
      choices={choices}
      methods={METHODS}
      problems={problems}
    />,
    problems.length === 0 ? 200 : 422,
  );
});

function filterOf(
  query: URLSearchParams,
  { counters, types, confidences }: PointChoices,
): { filter: PointFilter; problems: string[] } {
  const problems: string[] = [];
  function chosen<T extends string>(
    name: string,
    options: readonly T[],
  ): T | null {
    const text = query.getAll(name).at(-1)?.trim() ?? "";
    if (text === "") return null;
    const found = options.find((each) => each === text);
    if (found === undefined) {
      const shown = JSON.stringify(text.slice(0, 100));
      problems.push(
        `${name} must be one of ${
          options.join(", ")
        }: current value is ${shown}`,
      );
    }
    return found ?? null;
  }
  return {
    filter: {
      method: chosen("method", METHODS) ?? USUAL,
      counter: chosen("counter", counters),
      task: chosen("task", ["train", "serve"]),
      type: chosen("type", types),
      confidence: chosen("confidence", confidences),
    },
    problems,
  };
}
