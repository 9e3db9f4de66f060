import type { ExpertNames } from "../models/families/code/experts.ts";
import type { Parameter } from "../play/torch/values.ts";
import type {
  ExpertLinears,
  ExpertsPlan,
  Fused,
} from "../play/layers/expert_types.ts";
import type { RouterPlan } from "../play/layers/router.ts";
import type { AdaptedLinear } from "../play/torch/ops/adapted_linear.ts";
import type { Packed } from "../play/torch/ops/linear.ts";
import type { LayerFacts } from "./layer_facts.ts";
import type { Modules } from "./modules.ts";

/** The routed experts of a layer and what chooses them; null without any. */
export function routedExpertsOf(
  modules: Modules,
  facts: LayerFacts,
): { readonly router: RouterPlan; readonly experts: ExpertsPlan } | null {
  const down = modules.find((_, { expert, role }) => expert && role === "down");
  const gateUp = modules.find((_, { expert, role }) =>
    expert && (role === "gate_up" || role === "up")
  );
  if (!down || !gateUp) return null;
  const { experts_per_token: perToken } = facts.architecture;
  const { routing, experts: code } = facts.family;
  const { isTransposed } = code;
  const [experts = 1, first = 1, second = 1] = modules.tensor(down)?.shape ??
    [];
  const [hidden, width] = isTransposed ? [second, first] : [first, second];
  const everywhere = routing.every;
  const router = routerOf(
    modules,
    facts,
    experts * (facts.dispatch?.ranks ?? 1),
  );
  const [up, out] = [gateUp, down].map((name) =>
    fusedOf(modules, name, isTransposed)
  );
  if (!router || !up || !out) return null;
  return {
    router: {
      ...router,
      perToken,
      routing,
      wideWeights: code.wideWeights ||
        code.repeatsRows ||
        (facts.code.experts !== "linears" && !routing.narrow),
    },
    experts: {
      experts,
      perToken,
      hidden,
      width,
      gateUp: up,
      down: out,
      everywhere,
      dispatched: facts.dispatch,
      linears: facts.code.experts === "linears" && !everywhere
        ? linearsOf(modules, gateUp, [up, out], {
          experts,
          hidden,
          width,
          names: code.names,
        })
        : null,
      repeatsRows: code.repeatsRows,
      gate: code.gate,
      activation: facts.traits.activation,
      code: facts.code.experts,
    },
  };
}

/** In transformers 4 it is a linear layer, and is adapted as one. */
function routerOf(
  modules: Modules,
  facts: LayerFacts,
  experts: number,
): Pick<RouterPlan, "scores" | "adapter" | "scales"> | null {
  const scaled = scaledRouterOf(modules, facts);
  if (scaled) return scaled;
  const { architecture, code } = facts;
  const name = modules.find((each, { role }) =>
    role === "router" && each.endsWith(".weight")
  );
  const weight = name && modules.parameter(name);
  if (!weight) return null;
  return {
    scores: {
      name: "router",
      in: architecture.hidden_size,
      out: experts,
      weight,
      bias: modules.parameter(`${name.slice(0, -".weight".length)}.bias`),
      adapter: code.experts === "linears"
        ? modules.adapterOf(name.slice(0, -".weight".length))
        : null,
    },
    adapter: modules.parameterAdapter(name, false),
  };
}

/** A linear layer that scores normed and scaled rows: Gemma 4. */
function scaledRouterOf(
  modules: Modules,
  { traits }: LayerFacts,
): Pick<RouterPlan, "scores" | "adapter" | "scales"> | null {
  const named = (pattern: RegExp) =>
    modules.parameter(modules.find((name) => pattern.test(name)));
  const rows = named(/router\.scale$/);
  const experts = named(/router\.per_expert_scale$/);
  const scores = modules.linear(
    modules.pathOf((name) => /router\.proj\.weight$/.test(name)),
  );
  if (!rows || !experts || !scores) return null;
  const norm = { kind: traits.norm, weight: null, bias: null };
  return { scores, adapter: null, scales: { norm, rows, experts } };
}

function fusedOf(
  modules: Modules,
  name: string,
  isTransposed: boolean,
): Fused | null {
  const weight = modules.stored(name)?.packed ?? modules.parameter(name);
  return weight && {
    weight,
    adapter: modules.parameterAdapter(name, isTransposed),
    bias: modules.parameter(`${name}_bias`),
  };
}

/** Every expert's layers, each with parameters of its own. */
function linearsOf(
  modules: Modules,
  gateUp: string,
  [up, out]: readonly [Fused, Fused],
  { experts, hidden, width, names }: {
    experts: number;
    hidden: number;
    width: number;
    names: ExpertNames;
  },
): ExpertLinears[] {
  const at = gateUp.slice(0, gateUp.lastIndexOf("."));
  return Array.from({ length: experts }, (): ExpertLinears => {
    const layer = (
      name: string,
      { weight }: Fused,
      count: number,
      [from, to]: readonly [from: number, to: number],
    ): AdaptedLinear => ({
      name: `experts.${name}`,
      in: from,
      out: to,
      weight: part(weight, count),
      bias: null,
      adapter: modules.adapterOf(`${at}.${name}`, experts),
    });
    return {
      gate: layer(names.gate, up, 2 * experts, [hidden, width]),
      up: layer(names.up, up, 2 * experts, [hidden, width]),
      down: layer(names.down, out, experts, [width, hidden]),
    };
  });
}

/** One of so many equal matrices: a parameter of its own. */
function part(whole: Parameter | Packed, count: number): Parameter | Packed {
  const elements = whole.elements / count;
  if ("trains" in whole) return { ...whole, elements };
  const { held: _whole, ...packed } = whole;
  return { ...packed, elements };
}
