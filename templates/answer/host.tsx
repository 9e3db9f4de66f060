import type { Estimate } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";

/** What a node's memory holds of what GPUs offload; nothing where it holds none. */
export function HostMemory({ estimate }: { estimate: Estimate }) {
  const { peak_bytes, pinned_bytes = 0, parts = [] } = estimate.host;
  if (peak_bytes === null) return null;
  return (
    <section class="card" aria-labelledby="host-title">
      <h3 id="host-title">Host memory, per node</h3>
      <p>
        <strong>{formatBytes(peak_bytes)}</strong>
        {pinned_bytes > 0 &&
          `, ${formatBytes(pinned_bytes)} of it page-locked`}
      </p>
      {parts.length > 0 && (
        <ul>
          {parts.map(({ name, bytes, formula }) => (
            <li>{name} {formatBytes(bytes)}: {formula}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
