/** A text without what no HTML may hold. */
export function plain(text: string): string {
  return text.replaceAll(/(?![\t\n])[\p{Cc}\p{Cs}]/gu, " ");
}
