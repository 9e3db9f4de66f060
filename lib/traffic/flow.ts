import { groupDigits } from "../units/mod.ts";
import type { CollectiveName } from "../answer/traffic.ts";
import { busFactor } from "./collective.ts";
import type { RankGroup } from "./placement.ts";
import { networkShare } from "./placement.ts";
import type { TrafficSetup } from "./setup.ts";
import type { Flow } from "../answer/traffic.ts";

/** A collective before its bytes are worked out. */
export interface Message {
  group: RankGroup;
  what: string;
  collective: CollectiveName;
  /** Elements of the whole array, and bytes of each. */
  elements: number;
  bytes: number;
  /** How the elements come about, with this scenario's numbers. */
  spelled: string;
  calls: number;
}

/** Works out what one kind of traffic costs; null where nothing is sent. */
export function flowOf(
  { mesh, scenario }: TrafficSetup,
  { group, what, collective, elements, bytes, spelled, calls }: Message,
): Flow | null {
  const message = Math.round(elements * bytes);
  const sent = Math.round(busFactor(collective, group.size) * message * calls);
  if (sent === 0) return null;
  const network = Math.round(
    sent * networkShare(group, mesh.gpus, scenario.parallel.gpus_per_node),
  );
  return {
    axis: group.axis,
    what,
    collective,
    ranks: group.size,
    calls,
    message_bytes: message,
    sent_bytes: sent,
    received_bytes: sent,
    node_bytes: sent - network,
    network_bytes: network,
    formula: `${spelled} × ${bytes} B`,
  };
}

/** "6,738,415,616 parameters" */
export function spelledCount(count: number, of: string): string {
  return `${groupDigits(Math.round(count))} ${of}`;
}
