/**
 * A style sheet without comments and the spaces that mean nothing. It must not
 * quote text with such spaces.
 */
export function slimCss(text: string): string {
  return text.replaceAll(/\/\*.*?\*\//gs, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ?([{};,>]) ?/g, "$1")
    .replaceAll(": ", ":")
    .trim();
}

/** A script without indentation and lines that are comments alone. */
export function slimJs(text: string): string {
  return text.replaceAll(/^[ \t]*(\/\/.*)?\n/gm, "")
    .replaceAll(/^[ \t]+/gm, "");
}
