import type { FormatDocument } from "../commands/read_commands.ts";
import type { Format } from "../format.ts";
import type { PythonCall } from "./python_value.ts";
import { SETS } from "./python_value.ts";

/** What stands for a value that only running the code would tell. */
const COMPUTED = "worked out where the script runs";

/**
 * What the calls of a text say, a document each format; of several calls of one
 * function the first counts.
 */
export function readCalls(
  calls: readonly PythonCall[],
  formats: readonly Format[],
): FormatDocument[] {
  return formats.flatMap((format): FormatDocument[] => {
    if (!format.calls) return [];
    const values: Record<string, unknown> = Object.create(null);
    const notes: string[] = [];
    const seen = new Set<string>();
    let called = false;
    const decides = new Set(format.rules.flatMap(({ keys }) => keys));
    for (const call of calls) {
      const read = format.calls(call);
      if (!read || seen.has(read.what)) continue;
      seen.add(read.what);
      called ||= call.name !== SETS;
      for (const [key, value] of Object.entries(read.values)) {
        const written = value === undefined ? COMPUTED : value;
        if (value === undefined && decides.has(key)) {
          notes.push(`${key} is ${COMPUTED}`);
        } else if (!(key in values)) values[key] = written;
      }
    }
    if (!called) return [];
    const document = { kind: format.kind, values, comments: "", notes };
    return [{ format, document }];
  });
}
