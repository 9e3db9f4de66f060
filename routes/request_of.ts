/** What a request is made of. */
export interface RequestParts {
  method: string;
  url: string;
  headers: HeadersInit;
  body: Uint8Array<ArrayBuffer> | null;
}

/** A request as it came, even where no program might ask like that. */
export function requestOf(
  { method, url, headers, body }: RequestParts,
  signal: AbortSignal,
): Request {
  const isAddress = URL.canParse(url);
  const request = new Request(isAddress ? url : "http://localhost/", {
    method: body ? "POST" : "GET",
    headers,
    body,
    signal,
  });
  if (!isAddress) Object.defineProperty(request, "url", { value: url });
  return Object.defineProperty(request, "method", { value: method });
}
