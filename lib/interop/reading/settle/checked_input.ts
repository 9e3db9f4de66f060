import type { Result } from "../../../scenario/parse_scenario.ts";
import { parseScenario } from "../../../scenario/parse_scenario.ts";
import { leavesOf, putAt } from "../../../scenario/walk.ts";
import type { Stated } from "../draft.ts";
import { leafAt } from "./field_at.ts";

/**
 * The input with its values as the schema reads them. A model may be missing or
 * lack a dimension; whoever wants an estimate is told.
 */
export function checkedInput(
  input: Record<string, unknown>,
  stated: ReadonlyMap<string, Stated>,
): Result<Record<string, unknown>> {
  const { model, ...rest } = input;
  const parsed = parseScenario({ ...rest, model: model ?? "-" });
  const problems = parsed.ok
    ? []
    : parsed.problems.filter(({ path, message }) =>
      !(path.startsWith("model.") && message.includes(" is missing"))
    );
  if (problems.length > 0) {
    return {
      ok: false,
      problems: problems.map(({ path, message }) => {
        const key = stated.get(path)?.key ??
          stated.get(path.replace(/\.\d+$/, ""))?.key;
        return {
          path,
          message: key === undefined || key === path
            ? message
            : `${key}: ${message}`,
        };
      }),
    };
  }
  const values: Record<string, unknown> = {};
  if (model !== undefined) putAt(values, "model", model);
  const full = parsed.ok ? parsed.value : parseScenarioWithoutModel(rest);
  for (const { path, value } of leavesOf(rest)) {
    putAt(values, path, full ? leafAt(full, path) ?? value : value);
  }
  // Sections made along a path have no prototype; what is given away has one.
  return { ok: true, value: structuredClone(values) };
}

function parseScenarioWithoutModel(rest: object): object | null {
  const parsed = parseScenario({ ...rest, model: "-" });
  return parsed.ok ? parsed.value : null;
}
