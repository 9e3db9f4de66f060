import type { Estimate } from "../../lib/mod.ts";
import { formatCount, groupDigits } from "../../lib/mod.ts";

const SOURCES = {
  catalogue: "the catalogue",
  config: "the given config.json",
  headers: "the checkpoint's headers",
  dims: "the given dimensions",
} as const;

/** The model and the mesh as they were understood. */
export function Understood({ estimate }: { estimate: Estimate }) {
  const { model, scenario, kv } = estimate;
  const { gpus, tp, pp, cp } = scenario.parallel;
  const dp = gpus / (tp * pp * cp);
  const rows: [string, string][] = [
    ["Model", `${model.name} (${model.type}), from ${SOURCES[model.source]}`],
    ["Parameters", `${count(model.parameters)}${approximate(estimate)}`],
    ...(model.active_parameters === model.parameters ? [] : [
      ["Active per token", count(model.active_parameters)] as [
        string,
        string,
      ],
    ]),
    ...(scenario.task === "train"
      ? [["Trainable", trainable(estimate)] as [string, string]]
      : []),
    ...(kv
      ? [[
        "KV cache",
        `${groupDigits(kv.bytes_per_token)} bytes per token and GPU${
          kv.max_tokens === null
            ? ""
            : `, room for ${groupDigits(kv.max_tokens)} tokens`
        }`,
      ] as [string, string]]
      : []),
    [
      "GPUs",
      gpus === 1
        ? "one"
        : `${gpus} = dp ${dp} × tp ${tp} × pp ${pp} × cp ${cp}`,
    ],
  ];
  return (
    <section class="card" aria-labelledby="understood-title">
      <h3 id="understood-title">As it was understood</h3>
      <dl class="understood">
        {rows.map(([name, text]) => (
          <div>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function count(parameters: number): string {
  return `${groupDigits(parameters)} (${formatCount(parameters)})`;
}

function approximate({ model }: Estimate): string {
  return model.parameters_basis === "assumed" ? ", approximate" : "";
}

function trainable({ model }: Estimate): string {
  const share = 100 * model.trainable_parameters / model.parameters;
  return `${count(model.trainable_parameters)}, ${
    share >= 10 ? share.toFixed(0) : share.toFixed(2)
  } %`;
}
