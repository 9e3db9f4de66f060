import { Fold } from "./fold.tsx";
import type { Estimate } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";
import { hostWords, momentsWords } from "../host_words.ts";

/** What a node's memory holds for its GPUs; nothing where it holds nothing. */
export function HostMemory({ estimate }: { estimate: Estimate }) {
  const { peak_bytes, parts = [], moments } = estimate.host;
  if (peak_bytes === null) return null;
  return (
    <Fold id="host" title="Host memory, per node">
      <p>
        <strong>{hostWords(estimate.host)}</strong>
      </p>
      {parts.length > 0 && (
        <ul>
          {parts.map(({ name, bytes, formula }) => (
            <li>{name} {formatBytes(bytes)}: {formula}</li>
          ))}
        </ul>
      )}
      {moments && <div>{momentsWords(moments)}</div>}
    </Fold>
  );
}
