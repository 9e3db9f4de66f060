import type { Case } from "../case.ts";
import { accuracyOf, readCases } from "../doors.ts";
import { truth } from "../truth.ts";

/** How well every method does, over runs and traced steps; and bad cases. */
export function accuracyCases(): Case[] {
  const files = ["measured.json", "steps.json"];
  return [
    ...files.map((file) => ({
      id: `accuracy ${file}`,
      answer: () => {
        const read = readCases(truth(file));
        if (!read.ok) return read;
        const { predictions, cases: _, ...accuracy } = accuracyOf(read.value);
        return {
          ...accuracy,
          predictions: predictions.map(({ case: { id }, ...rest }) => ({
            id,
            ...rest,
          })),
        };
      },
    })),
    ...[1, [1], [{}], [{ id: "x", group: "y", scenario: {} }], [{
      name: "x",
      scenario: {},
      bytes: {},
    }]].map((input) => ({
      id: `cases ${JSON.stringify(input)}`,
      answer: () => readCases(input),
    })),
  ];
}
