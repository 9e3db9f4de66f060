import { Fold } from "./fold.tsx";
import type { Estimate } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";
import { moreOrLess } from "../evidence_words.ts";

/** What the other methods say, one line each. */
export function Opinions({ estimate }: { estimate: Estimate }) {
  const { opinions = [], memory } = estimate;
  if (opinions.length === 0) return null;
  return (
    <Fold id="opinions" title="Second opinions">
      <div
        class="scroll"
        tabindex={0}
        role="region"
        aria-label="Other methods"
      >
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              <th scope="col" class="number">Peak</th>
              <th scope="col">Beside {estimate.method}</th>
            </tr>
          </thead>
          <tbody>
            {opinions.map(({ method, device_peak_bytes: bytes, uncovered }) => (
              <tr>
                <th scope="row">{method}</th>
                <td class="number">
                  {bytes === null ? "–" : formatBytes(bytes)}
                </td>
                <td>
                  {bytes === null
                    ? uncovered
                    : moreOrLess(bytes / memory.device_peak_bytes - 1) ??
                      "the same"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Fold>
  );
}
