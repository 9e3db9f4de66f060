import { assert, assertEquals } from "@std/assert";
import {
  estimateZero2,
  estimateZero3,
  modelStates,
} from "../../../lib/engines/zero/published.ts";
import { partitionsOf } from "../../../lib/engines/zero/parameters.ts";

const RANKS = [1, 4, 16, 64, 256, 1024];

/** GB a rank by parameters and stage: Rajbhandari et al., arXiv 1910.02054, table 1. */
const TABLE_1: readonly [
  parameters: number,
  stage: 1 | 2 | 3,
  gb: readonly string[],
][] = [
  [7.5e9, 1, ["120", "52.5", "35.6", "31.4", "30.4", "30.1"]],
  [7.5e9, 2, ["120", "41.3", "21.6", "16.6", "15.4", "15.1"]],
  [7.5e9, 3, ["120", "30", "7.5", "1.88", "0.47", "0.12"]],
  [128e9, 1, ["2048", "896", "608", "536", "518", "513"]],
  [128e9, 2, ["2048", "704", "368", "284", "263", "257"]],
  [128e9, 3, ["2048", "512", "128", "32", "8", "2"]],
  [1e12, 1, ["16000", "7000", "4750", "4187", "4046", "4011"]],
  [1e12, 2, ["16000", "5500", "2875", "2218", "2054", "2013"]],
  [1e12, 3, ["16000", "4000", "1000", "250", "62.5", "15.6"]],
];

for (const [parameters, stage, row] of TABLE_1) {
  Deno.test(`ZeRO's table 1: ${parameters / 1e9}B, stage ${stage}`, () => {
    for (const [at, printed] of row.entries()) {
      const gb = modelStates([parameters], RANKS[at] ?? 0, stage) / 1e9;
      const digits = printed.split(".")[1]?.length ?? 0;
      // The paper rounds some cells and cuts others off.
      assert(
        Math.abs(gb - Number(printed)) < 10 ** -digits,
        `${RANKS[at]} ranks: ${gb} is printed as ${printed}`,
      );
    }
  });
}

/** What deepspeed 0.19.8's own functions give of Llama-3.1-8B. */
const ESTIMATED = [
  [2, 1, true, false, 385_452_539_904, 16_060_522_496],
  [2, 1, false, false, 385_452_539_904, 34_128_610_304],
  [2, 4, true, false, 1_541_810_159_616, 16_060_522_496],
  [2, 4, false, false, 385_452_539_904, 20_577_544_448],
  [3, 1, true, true, 216_817_053_696, 2_101_346_304],
  [3, 1, true, false, 192_726_269_952, 4_108_911_616],
  [3, 1, false, false, 25_216_155_648, 20_169_434_112],
  [3, 4, true, true, 54_204_263_424, 2_101_346_304],
  [3, 4, true, false, 48_181_567_488, 2_603_237_632],
  [3, 4, false, false, 25_216_155_648, 6_618_368_256],
] as const;

for (
  const [stage, nodes, offloadsOptimizer, offloadsParameters, host, gpu]
    of ESTIMATED
) {
  Deno.test(`DeepSpeed's estimator of ZeRO ${stage}: ${nodes} nodes, optimizer ${offloadsOptimizer}, parameters ${offloadsParameters}`, () => {
    const estimate = stage === 2 ? estimateZero2 : estimateZero3;
    assertEquals(
      estimate({
        parameters: 8_030_261_248,
        largest: 525_336_576,
        gpusPerNode: 8,
        nodes,
        offloadsOptimizer,
        offloadsParameters,
      }),
      { host, gpu },
    );
  });
}

Deno.test("partitions are padded to two elements a rank, and know what touches them", () => {
  assertEquals(partitionsOf([5, 3], 2, false), [
    { size: 4, rank: 0, parts: [4], touched: 5, padding: 0 },
    { size: 4, rank: 1, parts: [1, 3], touched: 8, padding: 0 },
  ]);
  assertEquals(partitionsOf([5, 3, 1], 2, true), [
    { size: 6, rank: 0, parts: [5, 1], touched: 6, padding: 0 },
    { size: 6, rank: 1, parts: [3], touched: 3, padding: 3 },
  ]);
});
