import { Fold } from "./fold.tsx";
import type { Estimate } from "../../lib/mod.ts";
import { formatCount, groupDigits } from "../../lib/mod.ts";
import { meshWords } from "../mesh_words.ts";
import {
  attentionWords,
  dimensionWords,
  expertWords,
  kindWords,
  sourceWords,
  visionWords,
} from "./model_words.ts";

const BASES = {
  exact: "every tensor counted",
  derived: "counted from the dimensions",
  assumed: "approximate",
} as const;

/** The model, its parameters and the mesh as they were understood. */
export function Understood({ estimate }: { estimate: Estimate }) {
  return (
    <Fold id="understood" title="As it was understood">
      <dl class="understood">
        {[...modelRows(estimate), ...runRows(estimate)].map(([name, text]) => (
          <div>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Roles estimate={estimate} />
    </Fold>
  );
}

type Row = [name: string, text: string];

function modelRows(estimate: Estimate): Row[] {
  const { model, scenario } = estimate;
  const a = model.architecture;
  const rows: Row[] = [
    ["Model", `${model.name} (${model.type}), from ${sourceWords(estimate)}`],
    ["Kind", kindWords(estimate)],
    [
      "Parameters",
      `${count(model.parameters)}, ${BASES[model.parameters_basis]}`,
    ],
    [
      "Active per token",
      model.active_parameters === model.parameters
        ? "all of them"
        : count(model.active_parameters),
    ],
  ];
  if (scenario.task === "train") rows.push(["Trainable", trainable(model)]);
  rows.push(
    ["Dimensions", dimensionWords(estimate)],
    ["Attention", attentionWords(estimate)],
  );
  if (a.experts > 0) rows.push(["Experts", expertWords(a)]);
  if (a.vision !== null) rows.push(["Vision tower", visionWords(a.vision)]);
  if (a.max_position_embeddings !== null) {
    rows.push(["Context", `${groupDigits(a.max_position_embeddings)} tokens`]);
  }
  rows.push([
    "Head",
    a.tie_embeddings ? "tied to the embedding" : "of its own",
  ]);
  return rows;
}

function runRows(estimate: Estimate): Row[] {
  const { scenario, kv } = estimate;
  const { gpus } = scenario.parallel;
  const rows: Row[] = [];
  if (kv) {
    const room = kv.max_tokens === null
      ? ""
      : `, room for ${groupDigits(kv.max_tokens)} tokens`;
    rows.push([
      "KV cache",
      `${groupDigits(kv.bytes_per_token)} bytes per token and GPU${room}`,
    ]);
  }
  rows.push([
    "GPUs",
    gpus === 1 ? "one" : `${gpus}: ${meshWords(estimate)}`,
  ]);
  return rows;
}

/** The parameters by what they are for, folded away. */
function Roles({ estimate }: { estimate: Estimate }) {
  const { roles, parameters } = estimate.model;
  return (
    <details class="roles">
      <summary>Parameters by role</summary>
      <div
        class="scroll"
        role="region"
        aria-label="Parameters by role"
        tabindex={0}
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col" class="number">Tensors</th>
              <th scope="col" class="number">Parameters</th>
              <th scope="col" class="number">Share</th>
            </tr>
          </thead>
          <tbody>
            {roles.map((each) => (
              <tr>
                <th scope="row">{each.role}</th>
                <td class="number">{groupDigits(each.tensors)}</td>
                <td class="number">{groupDigits(each.parameters)}</td>
                <td class="number">
                  {(100 * each.parameters / parameters).toFixed(1)} %
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">All</th>
              <td class="number">
                {groupDigits(
                  roles.reduce((sum, { tensors }) => sum + tensors, 0),
                )}
              </td>
              <td class="number">{groupDigits(parameters)}</td>
              <td class="number">100 %</td>
            </tr>
          </tfoot>
        </table>
      </div>
    </details>
  );
}

function count(parameters: number): string {
  return `${groupDigits(parameters)} (${formatCount(parameters)})`;
}

function trainable(model: Estimate["model"]): string {
  const share = 100 * model.trainable_parameters / model.parameters;
  return `${count(model.trainable_parameters)}, ${
    share >= 10 ? share.toFixed(0) : share.toFixed(2)
  } %`;
}
