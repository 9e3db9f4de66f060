import Table from "cli-table3";

/** A table without lines: it reads the same in a file as on a screen. */
export function plainTable(
  colAligns: ("left" | "right")[],
): InstanceType<typeof Table> {
  const none = [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
  ];
  return new Table({
    chars: {
      ...Object.fromEntries(none.map((name) => [name, ""])),
      middle: "  ",
    },
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns,
  });
}

/** Without the spaces that fill the last column. */
export function trimmed(text: string): string {
  return text.split("\n").map((line) => line.trimEnd()).join("\n");
}
