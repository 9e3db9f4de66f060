import type { StorageId, Tape } from "../memory/tape.ts";
import type { ParameterPorts } from "./ports.ts";
import type { Away, SavedOffload } from "./saved_offload.ts";
import type { Node, Value } from "./values.ts";

/** What an operation saves: it is held, or waits on the host. */
export function savedBy(
  saved: readonly (Value | null)[],
  tape: Tape,
  ports: ParameterPorts,
  offload: SavedOffload | null,
): Pick<Node, "saved" | "saves" | "away"> {
  const kept: StorageId[] = [];
  const away: Away[] = [];
  for (const value of saved) {
    if (value === null) continue;
    const gone = offload?.save(value);
    if (gone) {
      away.push(gone);
      continue;
    }
    kept.push(value.storage);
    tape.retain(value.storage);
    ports.save(value.storage);
  }
  const saves = kept.length + away.length > 0;
  return away.length > 0
    ? { saved: kept, saves, away }
    : { saved: kept, saves };
}
