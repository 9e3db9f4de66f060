import type {
  Estimate,
  Problem,
  Result,
  Scenario,
  Wanted,
} from "../lib/mod.ts";
import { estimateScenario, findModel, parseScenario } from "../lib/mod.ts";
import type { Hub, LookUpOptions } from "./mod.ts";
import { parseHubId } from "./mod.ts";

/**
 * Estimates a Scenario, looking its model up on the Hub when the catalogue does
 * not have it.
 *
 * @param input A Scenario, still unchecked.
 * @param hub Null where nothing may be asked.
 */
export async function estimateOnHub(
  input: unknown,
  hub: Hub | null,
  { curve = false, opinions = false, ...options }: LookUpOptions & Wanted = {},
): Promise<Result<Estimate>> {
  const parsed = parseScenario(input);
  if (!parsed.ok) return parsed;
  const wanted = { curve, opinions };
  const name = hubName(parsed.value, options);
  if (!hub || name === null) {
    return estimateScenario(parsed.value, undefined, wanted);
  }
  const model = await hub.model(name, {
    ...options,
    gguf: ggufOf(parsed.value),
  });
  if (model.ok) return estimateScenario(parsed.value, model.value, wanted);
  return withHub(estimateScenario(parsed.value), model.problems);
}

/** What the catalogue says of a name that the Hub has not either. */
function withHub(
  result: Result<Estimate>,
  onHub: readonly Problem[],
): Result<Estimate> {
  if (result.ok) return { ok: false, problems: [...onHub] };
  const said = onHub.map(({ message }) => message.replace(/^model /, "")).join(
    "; ",
  );
  return {
    ok: false,
    problems: result.problems.map((problem) =>
      problem.path === "model"
        ? { path: "model", message: `${problem.message}; on the Hub: ${said}` }
        : problem
    ),
  };
}

/** The name to look up: no description, and not in the catalogue. */
function hubName({ model }: Scenario, options?: LookUpOptions): string | null {
  if (typeof model !== "string" || !parseHubId(model)) return null;
  return findModel(model) && !options?.headers ? null : model;
}

/** The type of GGUF file that the scenario's weights have, such as Q4_K_M. */
function ggufOf({ quantization }: Scenario): string | undefined {
  return quantization.weights.match(/^gguf:(\w+)$/)?.[1];
}
