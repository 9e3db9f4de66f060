import { groupDigits } from "../../lib/mod.ts";

/** A number of tokens as short as it is exact: "32k", "1,500". */
export function tokensText(tokens: number): string {
  return tokens >= 1024 && tokens % 1024 === 0
    ? `${groupDigits(tokens / 1024)}k`
    : groupDigits(tokens);
}
