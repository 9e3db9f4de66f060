import { assert, assertEquals } from "@std/assert";
import { Budget } from "../../../routes/pool/budget.ts";
import { clientOf } from "../../../routes/pool/client_address.ts";
import { fakeClock } from "../../hub/fake_clock.ts";

const LIMITS = { burstMs: 1000, refillMs: 100, freeMs: 50, clients: 100 };

Deno.test("a client waits once it has used its share, until it has come back", () => {
  const clock = fakeClock();
  const budget = new Budget(LIMITS, clock);
  budget.charge("a", 900);
  assertEquals(budget.waitSeconds("a"), 0);
  budget.charge("a", 300);
  assertEquals(budget.waitSeconds("a"), 2);
  assertEquals(budget.waitSeconds("b"), 0);
  clock.pass(1000);
  assertEquals(budget.waitSeconds("a"), 1);
  clock.pass(1001);
  assertEquals(budget.waitSeconds("a"), 0);
  clock.pass(60_000);
  assertEquals(budget.spentBy("a"), 0);
});

Deno.test("what is cheap is free, however much of it", () => {
  const budget = new Budget(LIMITS, fakeClock());
  for (let request = 0; request < 1000; request++) budget.charge("a", 49);
  assertEquals(budget.spentBy("a"), 0);
});

Deno.test("so many clients are remembered and no more", () => {
  const budget = new Budget(LIMITS, fakeClock());
  for (let at = 0; at < 5000; at++) {
    budget.charge(`${at}`, 5000);
    budget.charge("steady", 100);
  }
  assert(budget.waitSeconds("steady") > 0, "it is in use all the time");
  assertEquals(budget.waitSeconds("0"), 0);
  assert(budget.waitSeconds("4999") > 0);
});

Deno.test("a client is its address, of IPv6 its network", () => {
  const peers: [peer: string, client: string][] = [
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"],
    ["2001:DB8:1:2::1", "2001:db8:1:2::"],
    ["2001:0db8:0001:0002::9", "2001:db8:1:2::"],
    ["2001:db8::1", "2001:db8:0:0::"],
    ["fe80::1%eth0", "fe80:0:0:0::"],
    ["::1", "0:0:0:0::"],
  ];
  for (const [peer, client] of peers) {
    assertEquals(clientOf(peer, null), client);
  }
});

Deno.test("behind a proxy the client is the last public address it names", () => {
  const proxy = "10.0.0.1";
  const named: [header: string, client: string][] = [
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7:4711", "203.0.113.7"],
    ["[2001:db8:1:2::1]:80", "2001:db8:1:2::"],
    ["198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["203.0.113.7, 10.1.2.3, 172.20.0.1, 192.168.1.1", "203.0.113.7"],
    ["100.64.0.1, 10.1.2.3", "10.1.2.3"],
    ["", proxy],
    ["unknown, <script>", proxy],
  ];
  for (const [header, client] of named) {
    assertEquals(clientOf(proxy, header), client, header);
  }
  const many = Array.from({ length: 5000 }, () => "198.51.100.1").join(", ");
  assertEquals(clientOf(proxy, `${many}, 203.0.113.7`), "203.0.113.7");
});
