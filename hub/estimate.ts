import type {
  Estimate,
  Model,
  Problem,
  Result,
  Scenario,
  Wanted,
} from "../lib/mod.ts";
import { estimateScenario, findModel, parseScenario } from "../lib/mod.ts";
import { costProblem } from "../lib/ask/cost.ts";
import { unknownNames, withUnknown } from "../lib/ask/unknown_names.ts";
import { DESCRIBE_INSTEAD, resolveModel } from "../lib/models/resolve_model.ts";
import { variantOf } from "../lib/models/variants/variant_of.ts";
import { CALLER } from "./caller.ts";
import type { Hub, LookUpOptions } from "./mod.ts";
import { parseHubId } from "./mod.ts";

/** A Scenario whose model has been looked up, where it had to be. */
export interface Resolved {
  scenario: Scenario;
  /** Undefined where the catalogue or the scenario itself describes it. */
  model: Model | undefined;
}

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
  options: LookUpOptions & Wanted = {},
): Promise<Result<Estimate>> {
  const resolved = await resolveOnHub(input, hub, options);
  if (!resolved.ok) return resolved;
  const { scenario, model } = resolved.value;
  return estimateScenario(scenario, model, options);
}

/** Checks a Scenario and looks its model up, as {@linkcode estimateOnHub} does. */
export async function resolveOnHub(
  input: unknown,
  hub: Hub | null,
  options: LookUpOptions = {},
): Promise<Result<Resolved>> {
  const parsed = parseScenario(input);
  if (!parsed.ok) {
    const known = await lookedUp(input, hub, options);
    return withUnknown(parsed.problems, unknownNames(input, known));
  }
  const scenario = parsed.value;
  const name = hubName(scenario, options);
  if (!hub || name === null) return affordable({ scenario, model: undefined });
  const model = await hub.model(name, { ...options, gguf: ggufOf(scenario) });
  if (model.ok) return affordable({ scenario, model: model.value });
  // The catalogue knows the base of a variant, and the usual layout of its ending.
  return variantOf(name) !== null
    ? affordable({ scenario, model: undefined })
    : withHub(estimateScenario(scenario), model.problems);
}

/**
 * What the Hub has of the model of an input that is refused for something else;
 * undefined where it is not asked.
 */
async function lookedUp(
  input: unknown,
  hub: Hub | null,
  options: LookUpOptions,
): Promise<Result<Model> | undefined> {
  const { model } = (input ?? {}) as { model?: unknown };
  const name = typeof model === "string" ? hubName({ model }, options) : null;
  if (!hub || name === null || variantOf(name) !== null) return undefined;
  const found = await hub.model(name, options);
  const known = resolveModel(name);
  return found.ok || known.ok ? found : withHub(known, found.problems);
}

/** What costs too much is refused where it could not be ended. */
function affordable(resolved: Resolved): Result<Resolved> {
  const { maxCost } = CALLER.getStore() ?? {};
  if (maxCost === undefined) return { ok: true, value: resolved };
  const { scenario } = resolved;
  const model: Result<Model> = resolved.model
    ? { ok: true, value: resolved.model }
    : resolveModel(scenario.model);
  // What is wrong with the model is told where it is estimated.
  const problem = model.ok && costProblem(model.value, scenario, maxCost);
  return problem
    ? { ok: false, problems: [problem] }
    : { ok: true, value: resolved };
}

/** What the catalogue says of a name that the Hub has not either. */
function withHub(
  result: Result<unknown>,
  onHub: readonly Problem[],
): { ok: false; problems: Problem[] } {
  if (result.ok) return { ok: false, problems: [...onHub] };
  if (onHub.length === 0) return result;
  const said = onHub.map(({ message }) => message.replace(/^model /, "")).join(
    "; ",
  );
  return {
    ok: false,
    problems: result.problems.map((problem) =>
      problem.path === "model"
        ? { path: "model", message: `${firstOf(problem.message, said)}${said}` }
        : problem
    ),
  };
}

/** What goes before the Hub's words, without advice that these give too. */
function firstOf(message: string, said: string): string {
  const advice = `; ${DESCRIBE_INSTEAD}`;
  const first = said.includes("config.json") && message.endsWith(advice)
    ? message.slice(0, -advice.length)
    : message;
  return first.endsWith("?")
    ? `${first} On the Hub: `
    : `${first}; on the Hub: `;
}

/** The name to look up: no description, and not in the catalogue. */
function hubName(
  { model }: Pick<Scenario, "model">,
  options?: LookUpOptions,
): string | null {
  if (typeof model !== "string" || !parseHubId(model)) return null;
  return findModel(model) && !options?.headers ? null : model;
}

/** The type of GGUF file that the scenario's weights have, such as Q4_K_M. */
function ggufOf({ quantization }: Scenario): string | undefined {
  return quantization.weights?.match(/^gguf:(\w+)$/)?.[1];
}
