import type { Mesh } from "../../parallel/mesh.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { groupDigits } from "../../units/mod.ts";
import type { Term } from "../method.ts";
import {
  ADAM_COPIES,
  adapterBytes,
  adapterFormula,
  INFERENCE,
  LORA_OVERHEAD,
  TRAINING_OVERHEAD,
} from "./formulas.ts";

/** The quantities that the rules multiply. */
export interface RuleOfThumbSetup {
  scenario: Scenario;
  mesh: Mesh;
  parameters: number;
  /** Bytes of a parameter. */
  bytes: number;
  basis: Term["basis"];
}

/** The parts of a scenario by the rule for its use. */
export function termsOf(setup: RuleOfThumbSetup): Term[] {
  const { scenario } = setup;
  if (scenario.task === "serve") return withOverhead(setup, [], INFERENCE);
  return scenario.train.method === "full"
    ? withOverhead(setup, trained(setup), TRAINING_OVERHEAD)
    : withOverhead(setup, [adapters(setup)], LORA_OVERHEAD);
}

function trained({ parameters, bytes }: RuleOfThumbSetup): Term[] {
  const once = `${groupDigits(parameters)} × ${bytes} B`;
  const states = ADAM_COPIES - 2;
  return [
    {
      name: "gradients",
      bytes: parameters * bytes,
      formula: once,
      basis: "assumed",
    },
    {
      name: "optimizer states",
      bytes: states * parameters * bytes,
      formula: `${once} × ${states}`,
      basis: "assumed",
    },
  ];
}

function adapters({ scenario, parameters }: RuleOfThumbSetup): Term {
  const { rank } = scenario.train.lora;
  return {
    name: "adapters",
    bytes: adapterBytes(parameters, rank),
    formula: adapterFormula(groupDigits(parameters), rank),
    basis: "assumed",
  };
}

/** The weights, what stands beside them, and the share that the rule adds. */
function withOverhead(
  setup: RuleOfThumbSetup,
  beside: readonly Term[],
  factor: number,
): Term[] {
  const { parameters, bytes, basis } = setup;
  const counted: Term[] = [{
    name: "weights",
    bytes: parameters * bytes,
    formula: `${groupDigits(parameters)} × ${bytes} B`,
    basis,
  }, ...beside];
  const sum = counted.reduce((total, term) => total + term.bytes, 0);
  const percent = Math.round(100 * (factor - 1));
  const overhead: Term = {
    name: "overhead",
    bytes: sum * (factor - 1),
    formula: `${percent} % of the parts above, cache and activations among it`,
    basis: "assumed",
  };
  return [...counted, overhead].map((term) => split(term, setup.mesh));
}

/** Tensor, pipeline and expert parallelism divide everything. */
function split(term: Term, { tp, pp, ep }: Mesh): Term {
  const axes = ([["tp", tp], ["pp", pp], ["ep", ep]] as const)
    .filter(([, ways]) => ways > 1);
  return {
    ...term,
    bytes: term.bytes / (tp * pp * ep),
    formula: term.name === "overhead" ? term.formula : axes.reduce(
      (text, [name, by]) => `${text} ÷ ${name} ${by}`,
      term.formula,
    ),
  };
}
