import { styleText } from "node:util";

/** Puts formats on a text, where the terminal shows them. */
export type Style = (
  text: string,
  ...formats: Parameters<typeof styleText>[0][]
) => string;

/** Formats that do nothing where there are no colours. */
export function styler(color: boolean): Style {
  return (text, ...formats) =>
    color
      ? formats.reduce(
        (styled, format) =>
          styleText(format, styled, { validateStream: false }),
        text,
      )
      : text;
}
