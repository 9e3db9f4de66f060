/** Addresses of networks that are nobody's on the internet (RFC 6890). */
const PRIVATE =
  /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd][\da-f]{2}:|fe80:)/;
const MAX_LISTED = 20;

/**
 * The client of a request, as far as limits go: its address, or of IPv6 its
 * network, of which a client has all addresses.
 *
 * @param peer The address that has connected.
 * @param forwarded The header X-Forwarded-For where a proxy is trusted to have
 *   set it; else null. Each proxy adds whom it has seen to the end: the last
 *   address that is not of a private network is the client's.
 */
export function clientOf(peer: string, forwarded: string | null): string {
  const seen = (forwarded ?? "").split(",").slice(-MAX_LISTED)
    .map((part) => plain(part)).filter((part) => /^[\da-f.:]+$/.test(part));
  const address = seen.findLast((each) => !PRIVATE.test(each)) ??
    seen.at(-1) ?? plain(peer);
  return address.includes(":") ? networkOf(address) : address;
}

/** An address without port, brackets and zone. */
function plain(text: string): string {
  const address = text.trim().toLowerCase();
  return address.match(/^\[([^\]%]*)/)?.[1] ??
    address.match(/^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/)?.[1] ??
    address.replace(/%.*/, "");
}

/** The first 64 bits of an IPv6 address. */
function networkOf(address: string): string {
  const [head = "", tail] = address.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array(Math.max(0, zeros)).fill("0"), ...last];
  return `${
    groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")
  }::`;
}
