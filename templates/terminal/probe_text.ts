import type { Estimate } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";
import { plainTable, trimmed } from "./plain_table.ts";

/** What a real run took, in bytes. */
export interface Probed {
  max_memory_allocated: number;
  max_memory_reserved: number;
  device_used: number;
  phases: Readonly<Record<string, number>>;
  gpu: string;
  versions: Readonly<Record<string, string>>;
}

/** Writes a real run's memory beside its estimate. */
export function probeText({ memory }: Estimate, probed: Probed): string {
  const phases = new Map(
    (memory.phases ?? []).map(({ name, peak_bytes }) => [name, peak_bytes]),
  );
  const rows: [string, number, number | null][] = [
    [
      "max_memory_allocated",
      probed.max_memory_allocated,
      memory.allocated_peak_bytes,
    ],
    [
      "max_memory_reserved",
      probed.max_memory_reserved,
      memory.reserved_peak_bytes,
    ],
    ["device", probed.device_used, memory.device_peak_bytes],
    ...Object.entries(probed.phases).map(([name, bytes]): [
      string,
      number,
      number | null,
    ] => [`allocated, ${name}`, bytes, phases.get(name) ?? null]),
  ];
  const versions = Object.entries(probed.versions)
    .map(([name, version]) => `${name} ${version}`).join(", ");
  const table = plainTable(["left", "right", "right", "right"]);
  table.push(
    ["Probe", "Measured", "Estimate", "Estimate − measured"],
    ...rows.map(([name, measured, estimate]) => [
      name,
      formatBytes(measured),
      estimate === null ? "not known" : formatBytes(estimate),
      estimate === null ? "" : difference(estimate, measured),
    ]),
  );
  return `\nMeasured on ${probed.gpu} with ${versions}.
The device's figure holds whatever else runs there.\n\n${
    trimmed(table.toString())
  }\n`;
}

function difference(estimate: number, measured: number): string {
  const off = estimate - measured;
  const sign = off < 0 ? "−" : "+";
  const share = measured === 0
    ? ""
    : ` (${sign}${(Math.abs(off) / measured * 100).toFixed(1)} %)`;
  return `${sign}${formatBytes(Math.abs(off))}${share}`;
}
