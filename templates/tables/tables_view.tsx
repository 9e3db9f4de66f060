import { formatBytes, GIB, groupDigits } from "../../lib/mod.ts";
import type { TablesConfig } from "../../lib/ask/tables/config.ts";
import type { Tables } from "../../lib/ask/tables/mod.ts";
import { USES } from "../../lib/ask/tables/opinions.ts";
import { leastClass } from "../../lib/ask/tables/strategies.ts";
import { OpinionCard, Played } from "./opinion_cards.tsx";
import { Scrolled } from "./scrolled.tsx";
import type { TablesAnswer } from "./words.ts";
import { classWords, USE_NAMES } from "./words.ts";

/** The tables of a model, most wanted first. */
export function TablesView(
  { answer, config }: { answer: TablesAnswer; config: TablesConfig },
) {
  const { tables, settings } = answer;
  const { parameters_by_tensors: exact, parameters_by_dimensions } = tables;
  return (
    <>
      <Played answer={answer} />
      <section class="card" aria-labelledby="memory-title">
        <h2 id="memory-title">
          {tables.model} by data type, by rules of thumb
        </h2>
        <p>
          {tables.type}, {groupDigits(tables.parameters)} parameters{" "}
          {settings.count === "tensors"
            ? `(the rule's first release counted ${
              groupDigits(parameters_by_dimensions)
            } from the dimensions)`
            : `by dimensions; its tensors have ${groupDigits(exact)}`}.
        </p>
        <MemoryTable tables={tables} config={config} />
        <p class="hint">
          Rules of thumb: the weights × 1.2 for inference, × 4 × 1.3 for
          training with Adam, and for LoRA of rank {settings.lora_rank}{" "}
          weights and adapters × 1.2. Neither batch nor length is in them.
        </p>
      </section>
      <Recommendations tables={tables} />
      <OpinionCard answer={answer} />
      <Strategies tables={tables} config={config} />
    </>
  );
}

function MemoryTable(
  { tables, config }: { tables: Tables; config: TablesConfig },
) {
  return (
    <Scrolled label="Table of memory by data type and use">
      <thead>
        <tr>
          <th scope="col">Data type</th>
          <th scope="col" class="number">Bytes per parameter</th>
          <th scope="col" class="number">Total</th>
          <th scope="col" class="number">Inference</th>
          <th scope="col" class="number">Training (Adam)</th>
          <th scope="col" class="number">LoRA</th>
        </tr>
      </thead>
      <tbody>
        {tables.rows.map((row) => (
          <tr>
            <th scope="row" title={row.description || undefined}>
              {row.type}
              {row.with_scales && " with its scales"}
            </th>
            <td class="number">{row.bytes_per_param}</td>
            {[
              row.total_bytes,
              row.inference_bytes,
              row.training_bytes,
              row.lora_bytes,
            ].map((bytes) => <Sized bytes={bytes} config={config} />)}
          </tr>
        ))}
      </tbody>
    </Scrolled>
  );
}

function Recommendations({ tables }: { tables: Tables }) {
  const { chosen, recommendations } = tables;
  const needs = {
    inference: chosen.inference_bytes,
    training: chosen.training_bytes,
    lora: chosen.lora_bytes,
  };
  return (
    <section class="card" aria-labelledby="recommended-title">
      <h3 id="recommended-title">One GPU, {chosen.type}</h3>
      <ul class="least">
        {USES.map((use) => (
          <li>
            {USE_NAMES[use]}: {formatBytes(needs[use])}, a GPU of{" "}
            {classWords(leastClass(needs[use]))}
          </li>
        ))}
      </ul>
      {recommendations.length === 0
        ? (
          <p>
            display_settings.json prefers categories that no GPU of
            gpu_types.json has.
          </p>
        )
        : (
          <Scrolled label="Table of GPUs">
            <thead>
              <tr>
                <th scope="col">GPU</th>
                <th scope="col" class="number">Memory</th>
                <th scope="col" class="number">Usable</th>
                {USES.map((use) => <th scope="col">{USE_NAMES[use]}</th>)}
              </tr>
            </thead>
            <tbody>
              {recommendations.map((gpu) => (
                <tr>
                  <th scope="row">{gpu.gpu}</th>
                  <td class="number">{gpu.memory_gb} GB</td>
                  <td class="number">{formatBytes(gpu.usable_bytes)}</td>
                  {USES.map((use) => (
                    <td>
                      <Fits fits={gpu[use]} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </Scrolled>
        )}
    </section>
  );
}

function Strategies(
  { tables, config }: { tables: Tables; config: TablesConfig },
) {
  return (
    <section class="card" aria-labelledby="strategies-title">
      <h3 id="strategies-title">
        Over several GPUs: {tables.chosen.type} inference
      </h3>
      <Scrolled label="Table of parallel strategies">
        <thead>
          <tr>
            <th scope="col">Strategy</th>
            {["TP", "PP", "EP", "DP"].map((axis) => (
              <th scope="col" class="number">{axis}</th>
            ))}
            <th scope="col" class="number">Memory per GPU</th>
            <th scope="col">Least GPU</th>
          </tr>
        </thead>
        <tbody>
          {tables.strategies.map((each) => (
            <tr>
              <th scope="row">{each.name}</th>
              {[each.tp, each.pp, each.ep, each.dp].map((ways) => (
                <td class="number">{ways}</td>
              ))}
              <Sized bytes={each.bytes_per_gpu} config={config} />
              <td class="state">{classWords(each.least_gb)}</td>
            </tr>
          ))}
        </tbody>
      </Scrolled>
    </section>
  );
}

function Fits({ fits }: { fits: boolean }) {
  return (
    <span class={`state ${fits ? "comfortable" : "over"}`}>
      {fits ? "✓ fits" : "✕ too small"}
    </span>
  );
}

/** Bytes in the colour of their size, which says no more than the number. */
function Sized({ bytes, config }: { bytes: number; config: TablesConfig }) {
  const { green, yellow, red } = config.display.memory_color_thresholds;
  const size = bytes / GIB;
  const colour = size <= green
    ? " comfortable"
    : size <= yellow
    ? " tight"
    : size > red
    ? " over"
    : "";
  return (
    <td class={`number${colour}`} title={`${groupDigits(bytes)} bytes`}>
      {size.toFixed(2)} GiB
    </td>
  );
}
