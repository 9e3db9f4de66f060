import type { Basis, Estimate, Part } from "../../lib/mod.ts";
import { formatBytes, groupDigits } from "../../lib/mod.ts";
import { devicePartsOf } from "../device_parts.ts";
import { Why } from "../why.tsx";
import { partAddress, partWords } from "../words/part_words.ts";
import { swatch } from "./swatch.ts";

/** A lesser share is folded away on a phone. */
const SLIGHT = 0.01;

const BASIS: Record<Basis, string> = {
  exact: "Counted",
  derived: "Follows from the code that runs",
  fitted: "Fitted to measured runs",
  assumed: "Taken from a rule or a calibration factor",
};

/** What the memory is made of, with each part's formula and how it is known. */
export function Parts({ estimate }: { estimate: Estimate }) {
  const { parts, allocated, beside, device } = devicePartsOf(estimate);
  return (
    <section class="card" aria-labelledby="parts-title">
      <h3 id="parts-title">What it is made of, per GPU</h3>
      <label class="slighter">
        <input type="checkbox" autocomplete="off" /> Below 1 % too
      </label>
      <div
        class="scroll"
        tabindex={0}
        role="region"
        aria-label="Table of parts"
      >
        <table class="parts">
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col" class="number">Memory</th>
              <th scope="col" class="number">Share</th>
              <th scope="col" class="formula">Formula</th>
              <th scope="col" class="how">
                Basis{" "}
                <a
                  class="why"
                  href="/docs/numbers#exact-derived-fitted-assumed"
                  aria-label="About the basis"
                >
                  ?
                </a>
              </th>
            </tr>
          </thead>
          <tbody>
            {parts.map((part) => <Row part={part} device={device} />)}
            {allocated !== null && (
              <tr class="subtotal">
                <th scope="row">
                  Allocated peak{" "}
                  <a
                    class="why"
                    href="/docs/numbers#cached-by-the-allocator-cuda-context"
                    aria-label="About allocated memory"
                  >
                    ?
                  </a>
                </th>
                <td class="number" title={`${groupDigits(allocated)} bytes`}>
                  {formatBytes(allocated)}
                </td>
                <td class="number">
                  {(100 * allocated / device).toFixed(1)} %
                </td>
                <td class="formula" colspan={2}>{estimate.memory.binding}</td>
              </tr>
            )}
            {beside.map((part) => <Row part={part} device={device} />)}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Peak</th>
              <td class="number" title={`${groupDigits(device)} bytes`}>
                {formatBytes(device)}
              </td>
              <td class="number">100 %</td>
              <td class="formula" colspan={2}>
                {allocated === null
                  ? estimate.memory.binding
                  : "what nvidia-smi would show"}
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  );
}

function Row({ part, device }: { part: Part; device: number }) {
  const isSlight = part.bytes < SLIGHT * device;
  return (
    <tr class={isSlight ? "slight" : undefined}>
      <th scope="row">
        <span class={`swatch ${swatch(part.name)}`} aria-hidden="true" />
        {part.name}
        <Why
          term={part.name}
          sentence={partWords(part.name)}
          href={partAddress(part.name)}
          brief={isSlight}
        />
      </th>
      <td class="number">{formatBytes(part.bytes)}</td>
      <td class="number">{(100 * part.bytes / device).toFixed(1)} %</td>
      <td class="formula">
        {part.formula}
        {part.source && <small>{part.source}</small>}
      </td>
      <td class="how">
        <span class={`basis ${part.basis}`} title={BASIS[part.basis]}>
          {part.basis}
        </span>
      </td>
    </tr>
  );
}
