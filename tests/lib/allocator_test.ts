import { assertEquals } from "@std/assert";
import fc from "../npm/fast-check.ts";
import type { Allocation } from "./caching_allocator.ts";
import { CachingAllocator } from "./caching_allocator.ts";
import { Pool } from "../../lib/play/memory/allocator/pool.ts";
import { emptyPool } from "../../lib/play/memory/allocator/emptied.ts";
import {
  LARGE_POOL,
  uncutFrom,
  UNIT,
} from "../../lib/play/memory/allocator/sizes.ts";
import type { Piece } from "./plain_allocator.ts";
import { PlainAllocator } from "./plain_allocator.ts";

const MIB = 1024 ** 2;

/**
 * Sizes around the limits between the pools and of terabytes, and few of them, so
 * they recur.
 */
const size = fc.oneof(
  fc.constantFrom(512, 1024, MIB, MIB + 512, 3 * MIB, 10 * MIB, 21 * MIB),
  fc.constantFrom(1024 ** 4, 1024 ** 4 + 512, 3 * 1024 ** 4),
  fc.integer({ min: 1, max: 60_000 }).map((count) => 512 * count),
);
/** An allocation, or which of the blocks that stand is released. */
const event = fc.oneof(
  { weight: 3, arbitrary: size.map((bytes) => ({ bytes })) },
  { weight: 2, arbitrary: fc.nat(1000).map((which) => ({ which })) },
);

Deno.test("CachingAllocator takes what one without indices takes", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 120 }),
      (events) => {
        const allocator = new CachingAllocator();
        const plain = new PlainAllocator();
        const held: [Allocation, Piece][] = [];
        for (const each of events) {
          if ("bytes" in each) {
            held.push([
              allocator.allocate(each.bytes),
              plain.allocate(each.bytes),
            ]);
          } else if (held.length > 0) {
            const [[block, piece] = []] = held.splice(
              each.which % held.length,
              1,
            );
            if (block && piece) {
              allocator.release(block);
              plain.release(piece);
            }
          }
          assertEquals(
            [allocator.allocated, allocator.reserved],
            [plain.allocated, plain.reserved],
          );
        }
      },
    ),
  );
});

Deno.test("a pool gives whole free segments back before it takes more than there is", () => {
  const large = event.filter((each) => !("bytes" in each) || each.bytes > MIB);
  fc.assert(
    fc.property(
      fc.array(large, { maxLength: 120 }),
      fc.constantFrom(64, 200, 400),
      (events, mib) => {
        const pool = new Pool(LARGE_POOL, mib * MIB / UNIT);
        const plain = new PlainAllocator(mib * MIB);
        const held: [number, Piece][] = [];
        for (const each of events) {
          if ("bytes" in each) {
            const request = pool.requestOf(each.bytes / UNIT);
            held.push([pool.take(request), plain.allocate(each.bytes)]);
          } else if (held.length > 0) {
            const [[block, piece] = []] = held.splice(
              each.which % held.length,
              1,
            );
            if (block !== undefined && piece) {
              pool.release(block);
              plain.release(piece);
            }
          }
          assertEquals(
            [UNIT * pool.reserved, UNIT * pool.peak],
            [plain.reserved, plain.peak],
          );
        }
      },
    ),
  );
});

Deno.test("a pool cuts no blocks for large requests, and gives cached segments back when told to", () => {
  const empties = fc.constant({ empties: true } as const);
  const large = event.filter((each) => !("bytes" in each) || each.bytes > MIB);
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          { weight: 9, arbitrary: large },
          { weight: 1, arbitrary: empties },
        ),
        { maxLength: 120 },
      ),
      fc.constantFrom(21, 30, 512),
      (events, mib) => {
        const pool = new Pool(uncutFrom(mib));
        const plain = new PlainAllocator(Infinity, mib * MIB);
        const held: [number, Piece][] = [];
        for (const each of events) {
          if ("bytes" in each) {
            const request = pool.requestOf(each.bytes / UNIT);
            held.push([pool.take(request), plain.allocate(each.bytes)]);
          } else if ("empties" in each) {
            emptyPool(pool);
            plain.empty();
          } else if (held.length > 0) {
            const [[block, piece] = []] = held.splice(
              each.which % held.length,
              1,
            );
            if (block !== undefined && piece) {
              pool.release(block);
              plain.release(piece);
            }
          }
          assertEquals(
            [UNIT * pool.reserved, UNIT * pool.peak],
            [plain.reserved, plain.peak],
          );
        }
      },
    ),
  );
});

Deno.test("CachingAllocator cuts small requests from 2 MiB, medium ones from 20 MiB", () => {
  const allocator = new CachingAllocator();
  allocator.allocate(512);
  allocator.allocate(MIB);
  assertEquals(allocator.reserved, 2 * MIB);
  allocator.allocate(MIB + 512);
  allocator.allocate(9 * MIB);
  assertEquals(allocator.reserved, 22 * MIB);
  allocator.allocate(10 * MIB);
  assertEquals(allocator.reserved, 32 * MIB);
});
