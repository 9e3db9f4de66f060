import accuracy from "../../docs/accuracy.md" with { type: "text" };
import advice from "../../docs/advice.md" with { type: "text" };
import compare from "../../docs/compare.md" with { type: "text" };
import configurations from "../../docs/configurations.md" with { type: "text" };
import engineFormulas from "../../docs/engine-formulas.md" with {
  type: "text",
};
import errors from "../../docs/errors.md" with { type: "text" };
import factors from "../../docs/factors.md" with { type: "text" };
import faq from "../../docs/faq.md" with { type: "text" };
import http from "../../docs/http.md" with { type: "text" };
import models from "../../docs/models.md" with { type: "text" };
import multipliers from "../../docs/multipliers.md" with { type: "text" };
import npm from "../../docs/npm.md" with { type: "text" };
import numbers from "../../docs/numbers.md" with { type: "text" };
import parity from "../../docs/parity.md" with { type: "text" };
import ruleOfThumb from "../../docs/rule-of-thumb.md" with { type: "text" };
import scenario from "../../docs/scenario.md" with { type: "text" };
import server from "../../docs/server.md" with { type: "text" };
import serving from "../../docs/serving.md" with { type: "text" };
import strategies from "../../docs/strategies.md" with { type: "text" };
import timeline from "../../docs/timeline.md" with { type: "text" };
import traffic from "../../docs/traffic.md" with { type: "text" };
import vllm from "../../docs/vllm.md" with { type: "text" };

/** A document that the server shows under /docs. */
export interface Doc {
  /** Its file's name without the ending, and the end of its address. */
  name: string;
  /** Where it stands in the contents. */
  chapter:
    | "Start here"
    | "How numbers come about"
    | "Programs and files"
    | "Older methods";
  /** What it is about, in the contents. */
  about: string;
  text: string;
}

/** Every document, in the order of the contents. */
export const DOCS: readonly Doc[] = [
  {
    name: "faq",
    chapter: "Start here",
    about: "Short answers to what people ask first",
    text: faq,
  },
  {
    name: "numbers",
    chapter: "Start here",
    about: "How each number comes about, in plain words",
    text: numbers,
  },
  {
    name: "advice",
    chapter: "Start here",
    about: "What to change when it does not fit, and what that costs",
    text: advice,
  },
  {
    name: "errors",
    chapter: "Start here",
    about: "Which errors of memory are explained, and how",
    text: errors,
  },
  {
    name: "compare",
    chapter: "Start here",
    about: "Scenarios side by side, and the largest that fits",
    text: compare,
  },
  {
    name: "strategies",
    chapter: "Start here",
    about: "The ways to lay a model out over several GPUs",
    text: strategies,
  },
  {
    name: "accuracy",
    chapter: "How numbers come about",
    about: "Every method against measured runs, and the worst cases",
    text: accuracy,
  },
  {
    name: "timeline",
    chapter: "How numbers come about",
    about: "A training step, played allocation by allocation",
    text: timeline,
  },
  {
    name: "serving",
    chapter: "How numbers come about",
    about: "Engines that serve, each by its own rules",
    text: serving,
  },
  {
    name: "vllm",
    chapter: "How numbers come about",
    about: "How vLLM's start-up is played",
    text: vllm,
  },
  {
    name: "models",
    chapter: "How numbers come about",
    about: "How a model becomes a list of tensors",
    text: models,
  },
  {
    name: "traffic",
    chapter: "How numbers come about",
    about: "What GPUs send each other in a step",
    text: traffic,
  },
  {
    name: "http",
    chapter: "Programs and files",
    about: "The API, agents, Gradio's clients",
    text: http,
  },
  {
    name: "npm",
    chapter: "Programs and files",
    about: "The command line and the library as a package",
    text: npm,
  },
  {
    name: "scenario",
    chapter: "Programs and files",
    about: "Every field of a scenario, and what an estimate holds",
    text: scenario,
  },
  {
    name: "configurations",
    chapter: "Programs and files",
    about: "Files, commands and logs of other tools",
    text: configurations,
  },
  {
    name: "server",
    chapter: "Programs and files",
    about: "Running the server: variables and limits",
    text: server,
  },
  {
    name: "factors",
    chapter: "Older methods",
    about: "Formulas with calibration factors",
    text: factors,
  },
  {
    name: "engine-formulas",
    chapter: "Older methods",
    about: "Formulas of training engines",
    text: engineFormulas,
  },
  {
    name: "multipliers",
    chapter: "Older methods",
    about: "Multiples of the weights",
    text: multipliers,
  },
  {
    name: "rule-of-thumb",
    chapter: "Older methods",
    about: "Rules of thumb, and the tables",
    text: ruleOfThumb,
  },
  {
    name: "parity",
    chapter: "Older methods",
    about: "What older calculators do, and where it is here",
    text: parity,
  },
];

/** A document's first heading, in plain text. */
export function titleOfDoc({ text }: Doc): string {
  return (text.match(/^# (.*)$/m)?.[1] ?? "").replaceAll("`", "");
}
