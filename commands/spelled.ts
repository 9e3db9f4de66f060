/**
 * Examples as their reader can type them: in the package for Node the program is
 * `headroom`, and no task of Deno's.
 */
export function spelled(examples: string): string {
  return typeof Deno === "undefined"
    ? examples.replaceAll(/deno task (headroom )?/g, "headroom ")
    : examples;
}
