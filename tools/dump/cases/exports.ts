import type { Case, Input } from "../case.ts";
import { EXPORTS, exportScenario, parseScenario } from "../doors.ts";
import { Draw } from "../draw.ts";
import { truth } from "../truth.ts";
import { withFields } from "../with.ts";
import { FIELDS } from "./values.ts";

const SEED = 7;

/** Scenarios as other programs' configurations, in every format. */
export function exportCases(): Case[] {
  const measured = truth<{ id: string; scenario: Input }[]>("measured.json");
  const draw = new Draw(SEED);
  const drawn = Array.from({ length: 150 }, (_, at) => {
    const fields: Input = {};
    for (const { path, values } of FIELDS) {
      if (draw.next() < 0.15) fields[path] = draw.of(values);
    }
    return {
      id: `drawn ${at}`,
      scenario: withFields({ model: "gpt2" }, { ...fields, task: "train" }),
    };
  });
  const alone = FIELDS.flatMap(({ path, values }) =>
    values.map((value) => ({
      id: `${path} ${JSON.stringify(value)}`,
      scenario: withFields({ model: "gpt2" }, { [path]: value }),
    }))
  );
  return [
    ...measured.filter((_, at) => at % 4 === 0),
    ...drawn,
    ...alone,
  ].map(({ id, scenario }) => ({
    id: `export ${id}`,
    answer: () => {
      const parsed = parseScenario(scenario);
      if (!parsed.ok) return parsed;
      return [...EXPORTS.map((format) => format.id), "no such"].map((format) =>
        exportScenario(parsed.value, format)
      );
    },
  }));
}
