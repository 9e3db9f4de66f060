import { scenarioOfConfiguration } from "../lib/mod.ts";
import { MAX_CONFIGURATION_LENGTH } from "../lib/interop/reading/limits.ts";

/** Texts as long as any may be, whose reading could take long. */
const LONG: Record<string, string> = {
  keys: Array.from({ length: 40_000 }, (_, at) => `k${at}: 1`).join("\n"),
  brackets: "[]".repeat(1 << 16),
  documents: "---\na: 1\n".repeat(20_000),
  errors: ": ".repeat(1 << 16),
};

for (const [name, text] of Object.entries(LONG)) {
  const longest = text.slice(0, MAX_CONFIGURATION_LENGTH);
  Deno.bench(`the longest configuration of ${name}`, { n: 3 }, () => {
    scenarioOfConfiguration(longest);
  });
}
