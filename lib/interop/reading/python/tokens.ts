/** A piece of a text of Python. */
export interface PythonToken {
  kind: "name" | "number" | "string" | "sign" | "line";
  /** What is written; of a string what stands in it. */
  text: string;
}

/** Most pieces of a text that are looked at. */
const MAX_TOKENS = 100_000;

/** One piece each: a string's beginning, a number, a name, a sign, a line's end. */
const PIECE =
  /([rRbBuUfF]{0,2})("""|'''|"|')|(\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\*\*|\/\/|[-+*\/%=<>!]=|->|:=|[^\s\w])|(\n)/y;

/** Parts a text into its pieces; comments and space between them go. */
export function tokensOf(text: string): PythonToken[] {
  const tokens: PythonToken[] = [];
  let at = 0;
  while (at < text.length && tokens.length < MAX_TOKENS) {
    const here = text[at] ?? "";
    if (here === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
      continue;
    }
    if (here === "\\" || here !== "\n" && /\s/.test(here)) {
      at++;
      // A line that goes on has no end.
      if (here === "\\" && text[at] === "\n") at++;
      continue;
    }
    PIECE.lastIndex = at;
    const match = PIECE.exec(text);
    if (!match) {
      at++;
      continue;
    }
    const [whole, prefix = "", quote, number, name, sign] = match;
    if (quote !== undefined) {
      const end = endOf(text, quote, at + whole.length);
      const inner = text.slice(at + whole.length, end);
      tokens.push({
        // What is put into an f-string only running it would tell.
        kind: /f/i.test(prefix) && inner.includes("{") ? "sign" : "string",
        text: /f/i.test(prefix) && inner.includes("{") ? "f" : unescaped(inner),
      });
      at = end + quote.length;
      continue;
    }
    at += whole.length;
    if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else tokens.push({ kind: "line", text: "\n" });
  }
  return tokens;
}

/** Where a string ends, or its line or the text where it never does. */
function endOf(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const here = text[at];
    if (here === "\\") at++;
    else if (text.startsWith(quote, at)) return at;
    else if (here === "\n" && quote.length === 1) return at;
  }
  return text.length;
}

function unescaped(inner: string): string {
  return inner.replaceAll(/\\(["'\\])/g, "$1");
}

/**
 * The attribute that is set at a place, `a.b.c =`: its path, and where its value
 * begins.
 */
export function attributeAt(
  tokens: readonly PythonToken[],
  at: number,
): { path: string; end: number } | null {
  let end = at + 1;
  let path = tokens[at]?.text ?? "";
  while (tokens[end]?.text === "." && tokens[end + 1]?.kind === "name") {
    path += `.${tokens[end + 1]?.text}`;
    end += 2;
  }
  return end > at + 1 && tokens[end]?.text === "="
    ? { path, end: end + 1 }
    : null;
}
