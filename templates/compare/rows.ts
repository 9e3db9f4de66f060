import type { Estimate, Fullness } from "../../lib/mod.ts";
import {
  align,
  differencesOf,
  formatBytes,
  formatCount,
  fullness,
  groupDigits,
} from "../../lib/mod.ts";
import { devicePartsOf } from "../device_parts.ts";
import { labelOf } from "../form/tabs.ts";

/** What a table of a comparison says of one scenario. */
export interface Cell {
  text: string;
  /** How it differs from the first scenario; "" where it does not. */
  difference: string;
}

/** A row of a comparison: one cell a scenario, null where one has no answer. */
export interface Row {
  label: string;
  /** Dotted path, for a row of settings. */
  path?: string;
  /** The part that the row is about, which has a colour. */
  part?: string;
  /** Whether it sums up those above it. */
  total?: boolean;
  cells: (Cell | null)[];
}

const VERDICTS: Record<Fullness, string> = {
  comfortable: "fits",
  recommended: "fits",
  tight: "tight",
  over: "does not fit",
};

/** Stands for what a scenario has not. */
const NONE = "–";

/**
 * The settings in which scenarios differ, by the form's labels.
 *
 * @param estimates Null where a scenario has no answer.
 */
export function settingRows(estimates: readonly (Estimate | null)[]): Row[] {
  const known = estimates.filter((each) => each !== null);
  const differences = differencesOf(
    known.map(({ scenario }) => scenario),
    known.map(({ model }) => model.name),
  );
  return differences.map(({ path, values }) => {
    const [first] = values;
    let at = 0;
    return {
      label: labelOf(path) ?? path,
      path,
      cells: estimates.map((estimate) => {
        if (estimate === null) return null;
        const value = values[at++];
        return {
          text: valueText(value),
          difference: JSON.stringify(value) === JSON.stringify(first)
            ? ""
            : "differs",
        };
      }),
    };
  });
}

/**
 * Verdict, peak and parts of scenarios, side by side.
 *
 * @param estimates Null where a scenario has no answer.
 */
export function resultRows(estimates: readonly (Estimate | null)[]): Row[] {
  const words = (label: string, text: (estimate: Estimate) => string): Row => ({
    label,
    cells: estimates.map((estimate) =>
      estimate && { text: text(estimate), difference: "" }
    ),
  });
  const bytes = (
    label: string,
    values: readonly (number | null | undefined)[],
    more: Partial<Row> = {},
  ): Row => {
    const first = values.find((value) => value !== undefined);
    return {
      label,
      ...more,
      cells: values.map((value, at) =>
        estimates[at] === null || value === undefined ? null : {
          text: value === null ? NONE : formatBytes(value),
          difference: changeText((value ?? 0) - (first ?? 0)),
        }
      ),
    };
  };
  const of = (
    take: (estimate: Estimate) => number | null,
  ): (number | null | undefined)[] =>
    estimates.map((each) => each === null ? undefined : take(each));

  const devices = estimates.map((each) => each && devicePartsOf(each));
  const aligned = align(
    devices.map((device) => device ? [...device.parts, ...device.beside] : []),
  );
  return [
    words("Verdict", verdictText),
    ...(estimates.some((each) => each?.serve)
      ? [
        words("Sequences at once", ({ kv }) => countText(kv?.max_sequences)),
        words("Tokens in the pool", ({ serve }) => countText(serve?.kv_tokens)),
      ]
      : []),
    words(
      "GPU",
      ({ fit, scenario: { parallel } }) =>
        `${parallel.gpus === 1 ? "" : `${parallel.gpus} × `}${
          fit[0]?.gpu ?? ""
        }`,
    ),
    bytes("Usable memory", of(({ fit }) => fit[0]?.usable_bytes ?? null)),
    ...aligned.map(({ name, values }) =>
      bytes(
        name,
        values.map((part, at) =>
          estimates[at] === null ? undefined : part?.bytes ?? null
        ),
        { part: name },
      )
    ),
    bytes(
      "Peak per GPU",
      of(({ memory }) => memory.device_peak_bytes),
      { total: true },
    ),
    bytes("Left", of(({ fit }) => fit[0]?.headroom_bytes ?? null)),
    words(
      "Nine measured runs in ten",
      ({ memory: { low_bytes, high_bytes } }) =>
        low_bytes === null || high_bytes === null
          ? NONE
          : `${formatBytes(low_bytes)} to ${formatBytes(high_bytes)}`,
    ),
    words("What decides the peak", ({ memory }) => memory.binding),
    words("Method", ({ method }) => method),
    words("Parameters", ({ model }) => formatCount(model.parameters)),
    words(
      "Trainable",
      ({ model, scenario }) =>
        scenario.task === "serve"
          ? NONE
          : formatCount(model.trainable_parameters),
    ),
  ];
}

/** How much more or less: "+1.20 GiB", "−3.00 GiB", "" for nothing. */
export function changeText(bytes: number): string {
  if (bytes === 0) return "";
  return `${bytes > 0 ? "+" : "−"}${formatBytes(Math.abs(bytes))}`;
}

function verdictText(estimate: Estimate): string {
  const own = estimate.fit[0];
  if (own && estimate.serve) return own.fits ? "starts" : "does not start";
  return own
    ? `${VERDICTS[fullness(own.utilization)]}, ${
      (100 * own.utilization).toFixed(0)
    } %`
    : NONE;
}

function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? NONE : groupDigits(count);
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}
