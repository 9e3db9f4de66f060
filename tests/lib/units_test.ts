import { assert, assertEquals } from "@std/assert";
import {
  formatBytes,
  formatCount,
  GIB,
  groupDigits,
  KIB,
  MIB,
  parseCount,
  parseGib,
  parseTokens,
} from "../../lib/units/mod.ts";
import { parseNumber } from "../../lib/units/parse_number.ts";
import { workOf } from "./work.ts";

function reads<T>(
  name: string,
  read: (text: string) => T,
  table: [text: string, expected: T][],
): void {
  for (const [text, expected] of table) {
    Deno.test(`${name} reads ${JSON.stringify(text)}`, () => {
      assertEquals(read(text), expected);
    });
  }
}

function refuses(
  name: string,
  read: (text: string) => unknown,
  texts: string[],
): void {
  Deno.test(`${name} gives null for what it does not understand`, () => {
    for (const text of texts) {
      assertEquals(read(text), null, `${JSON.stringify(text)} is not null`);
    }
  });
}

const NOT_NUMBERS = [
  "",
  " ",
  "abc",
  "7X",
  "--",
  "-",
  "+",
  ".",
  "_7",
  ",7",
  "1.2.3",
  "7BB",
  "7 billion",
  "B",
  "1e400",
  "NaN",
  "Infinity",
  "0x10",
  "7B 8B",
  "七",
  "constructor",
  "1constructor",
  "1toString",
];

reads("parseCount()", parseCount, [
  ["7B", 7_000_000_000],
  ["7b", 7_000_000_000],
  ["7 B", 7_000_000_000],
  [" 7B ", 7_000_000_000],
  ["1.1b", 1_100_000_000],
  ["0.5B", 500_000_000],
  [".5B", 500_000_000],
  ["1e9", 1_000_000_000],
  ["1E9", 1_000_000_000],
  ["6_738_415_616", 6_738_415_616],
  ["6,738,415,616", 6_738_415_616],
  ["6738415616", 6_738_415_616],
  ["350M", 350_000_000],
  ["4k", 4_000],
  ["1.5T", 1_500_000_000_000],
  ["20G", 20_000_000_000],
  ["0", 0],
  ["-1", -1],
  ["+5", 5],
]);
refuses("parseCount()", parseCount, [...NOT_NUMBERS, "80GB", "4ki"]);

Deno.test("parseCount() rounds what a unit multiplies to a whole number", () => {
  for (const text of ["1.1b", "6.7B", "0.07T", "1.0000000001B"]) {
    assert(Number.isInteger(parseCount(text)), text);
  }
});

reads("parseTokens()", parseTokens, [
  ["4k", 4_096],
  ["4K", 4_096],
  ["4 k", 4_096],
  ["4ki", 4_096],
  ["32k", 32_768],
  ["128k", 131_072],
  ["1M", 1_048_576],
  ["0.5k", 512],
  ["2048", 2_048],
  ["2,048", 2_048],
  ["2_048", 2_048],
  ["1e3", 1_000],
  ["0", 0],
]);
refuses("parseTokens()", parseTokens, [...NOT_NUMBERS, "7B", "4kb"]);

reads("parseGib()", parseGib, [
  ["80GB", 80e9 / 2 ** 30],
  ["80 gb", 80e9 / 2 ** 30],
  ["79.3GiB", 79.3],
  ["79.3 gib", 79.3],
  ["81920 MiB", 80],
  ["81,920MiB", 80],
  ["512 MB", 512e6 / 2 ** 30],
  ["1TiB", 1_024],
  ["1TB", 1e12 / 2 ** 30],
  ["1048576 KiB", 1],
  ["1073741824 B", 1],
  ["24", 24],
  ["0.1", 0.1],
  ["0", 0],
]);
refuses("parseGib()", parseGib, [...NOT_NUMBERS, "80 apples", "7k"]);

Deno.test("parseNumber() splits a number from its suffix in lower case", () => {
  const table: [string, number, string][] = [
    ["79.3 GiB", 79.3, "gib"],
    ["7B", 7, "b"],
    ["1e9", 1_000_000_000, ""],
    ["1e3k", 1_000, "k"],
    ["-2.5e-3", -0.0025, ""],
    ["1_000", 1_000, ""],
  ];
  for (const [text, number, suffix] of table) {
    assertEquals(parseNumber(text), { number, suffix });
  }
});

Deno.test("parseNumber() refuses a long text without reading all of it", () => {
  const work = (length: number): number =>
    workOf(() => {
      assertEquals(parseNumber(`${"1".repeat(length)}!`), null);
      assertEquals(parseNumber(`1${" ".repeat(length)}!`), null);
    });
  assertEquals(work(30_000), work(1000));
});

reads("formatBytes()", (text) => formatBytes(Number(text)), [
  ["0", "0 B"],
  ["900", "900 B"],
  ["1024", "1.0 KiB"],
  ["1536", "1.5 KiB"],
  ["1048576", "1.0 MiB"],
  ["52428800", "50.0 MiB"],
  ["536870912", "0.50 GiB"],
  ["1073741824", "1.00 GiB"],
  ["68124334735", "63.45 GiB"],
  ["85899345920", "80.00 GiB"],
  ["-1073741824", "-1.00 GiB"],
  ["-1024", "-1.0 KiB"],
]);

Deno.test("formatBytes() changes unit at a tenth of a GiB, a MiB and a KiB", () => {
  assertEquals(formatBytes(KIB - 1), "1023 B");
  assertEquals(formatBytes(KIB), "1.0 KiB");
  assertEquals(formatBytes(MIB), "1.0 MiB");
  assertEquals(formatBytes(Math.ceil(GIB / 10) - 1), "102.4 MiB");
  assertEquals(formatBytes(Math.ceil(GIB / 10)), "0.10 GiB");
});

reads("formatCount()", (text) => formatCount(Number(text)), [
  ["0", "0"],
  ["512", "512"],
  ["9999", "9999"],
  ["10000", "10.0K"],
  ["1000000", "1.00M"],
  ["41943040", "41.9M"],
  ["124439808", "124M"],
  ["7241732096", "7.24B"],
  ["8030261248", "8.03B"],
  ["70553706496", "70.6B"],
  ["405853388800", "406B"],
  ["1500000000000", "1.50T"],
]);

reads("groupDigits()", (text) => groupDigits(Number(text)), [
  ["0", "0"],
  ["1", "1"],
  ["999", "999"],
  ["1000", "1,000"],
  ["12345", "12,345"],
  ["123456", "123,456"],
  ["6738415616", "6,738,415,616"],
  ["-1234567", "-1,234,567"],
]);

Deno.test("groupDigits() writes what parseCount() reads", () => {
  for (const count of [0, 7, 1_000, 6_738_415_616, 671_026_404_352]) {
    assertEquals(parseCount(groupDigits(count)), count);
  }
});

Deno.test("KIB, MIB and GIB are powers of 1024", () => {
  assertEquals([KIB, MIB, GIB], [1_024, 1_048_576, 1_073_741_824]);
});
