import type { Parameter } from "../play/torch/machine.ts";
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
import { routingOf } from "./routing.ts";

/**
 * Types whose experts' matrices are stored [in, out].
 *
 * Source: huggingface/transformers 5.23.0, is_transposed of
 * use_experts_implementation in each type's modeling file
 */
const TRANSPOSED = new Set(["gpt_oss", "aria", "aria_text", "llama4_text"]);

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
  const { type, experts_per_token: perToken } = facts.architecture;
  const isTransposed = TRANSPOSED.has(type);
  const [experts = 1, first = 1, second = 1] = modules.tensor(down)?.shape ??
    [];
  const [hidden, width] = isTransposed ? [second, first] : [first, second];
  const routing = routingOf(type);
  const everywhere = type.startsWith("llama4");
  const router = routerOf(modules, facts, experts, hidden);
  const [up, out] = [gateUp, down].map((name) =>
    fusedOf(modules, name, isTransposed)
  );
  if (!router || !up || !out) return null;
  return {
    router: {
      ...router,
      perToken,
      routing,
      wideWeights: type === "mixtral" ||
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
      linears: facts.code.experts === "linears" && !everywhere
        ? linearsOf(modules, gateUp, [up, out], {
          experts,
          hidden,
          width,
          type,
        })
        : null,
      gate: type === "gpt_oss" ? "clamped" : "halves",
      activation: facts.traits.activation,
      code: facts.code.experts,
    },
  };
}

/** In transformers 4 it is a linear layer, and is adapted as one. */
function routerOf(
  modules: Modules,
  { code }: LayerFacts,
  experts: number,
  hidden: number,
): Pick<RouterPlan, "scores" | "adapter"> | null {
  const name = modules.find((each, { role }) =>
    role === "router" && each.endsWith(".weight")
  );
  const weight = name && modules.parameter(name);
  if (!weight) return null;
  return {
    scores: {
      name: "router",
      in: hidden,
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
  { experts, hidden, width, type }: {
    experts: number;
    hidden: number;
    width: number;
    type: string;
  },
): ExpertLinears[] {
  const at = gateUp.slice(0, gateUp.lastIndexOf("."));
  const names = type === "mixtral"
    ? { gate: "w1", up: "w3", down: "w2" }
    : { gate: "gate_proj", up: "up_proj", down: "down_proj" };
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
  return { ...whole, elements: whole.elements / count };
}
