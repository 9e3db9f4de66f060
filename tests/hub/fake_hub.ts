import { dtypeBits } from "../../lib/models/headers/dtype_bits.ts";

/** What a fake Hub has of one model. */
export interface FakeModel {
  config?: unknown;
  /** Tensors by file. */
  files?: Record<string, Record<string, { dtype: string; shape: number[] }>>;
  gated?: boolean;
  private?: boolean;
  /** Raw bytes instead of a file's header. */
  raw?: Record<string, Uint8Array>;
  /** What the index says instead of where the tensors are. */
  index?: unknown;
  /** Where large files redirect to instead of the storage. */
  redirect?: string;
  /** How long an answer about the model takes, in milliseconds. */
  slow?: number;
}

/** A Hub on loopback, with a second server where it keeps its files. */
export interface FakeHub extends AsyncDisposable {
  endpoint: string;
  /** Requests that the Hub saw: method, path, whether with a token. */
  asked: string[];
  /** Headers that the storage saw named "authorization". */
  leaked: string[];
  /** How many times to answer 429 first. */
  impatient: { times: number; retryAfter: string };
}

const SHA = "0123456789abcdef0123456789abcdef01234567";
export const TOKEN = "hf_test";

/** Starts a fake Hub that has the given models. */
export function startFakeHub(models: Record<string, FakeModel>): FakeHub {
  const asked: string[] = [];
  const leaked: string[] = [];
  const impatient = { times: 0, retryAfter: "0" };
  const storage = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const sent = request.headers.get("authorization");
      if (sent) leaked.push(sent);
      const path = decodeURIComponent(new URL(request.url).pathname.slice(1));
      const at = path.indexOf("|");
      const model = models[path.slice(0, at)];
      return model ? fileOf(model, path.slice(at + 1), request) : notFound();
    },
  );
  const kept = `http://127.0.0.1:${storage.addr.port}`;
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const token = request.headers.get("authorization") === `Bearer ${TOKEN}`;
      asked.push(`${request.method} ${pathname}${token ? " with token" : ""}`);
      if (impatient.times-- > 0) {
        return new Response("slow down", {
          status: 429,
          headers: { "retry-after": impatient.retryAfter },
        });
      }
      const found = pathname.match(
        /^\/(?:api\/models\/)?([\w-]+\/[\w.-]+)(\/.*)?$/,
      );
      const [, id = "", rest = ""] = found ?? [];
      const model = models[id];
      if (!model || (model.private && !token)) {
        return new Response(null, {
          status: 401,
          headers: { "x-error-code": "RepoNotFound" },
        });
      }
      if (model.slow) {
        await new Promise((done) => setTimeout(done, model.slow));
      }
      if (pathname.startsWith("/api/")) {
        return Response.json({
          id,
          sha: SHA,
          siblings: namesOf(model).map((rfilename) => ({ rfilename })),
        });
      }
      if (model.gated && !token) {
        return new Response(null, {
          status: 403,
          headers: { "x-error-code": "GatedRepo" },
        });
      }
      const name = decodeURIComponent(rest).replace(
        /^\/(resolve|raw)\/[^/]+\//,
        "",
      );
      if (!namesOf(model).includes(name)) return notFound();
      // Large files are kept elsewhere, as the Hub does.
      if (/\.(safetensors|gguf)$/.test(name) && rest.startsWith("/resolve/")) {
        if (model.redirect) return Response.redirect(model.redirect, 302);
        return Response.redirect(
          `${kept}/${encodeURIComponent(`${id}|${name}`)}`,
          302,
        );
      }
      return fileOf(model, name, request);
    },
  );
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    asked,
    leaked,
    impatient,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await storage.shutdown();
    },
  };
}

function namesOf(
  { config, files = {}, raw = {}, index: given }: FakeModel,
): string[] {
  const names = [...Object.keys(files), ...Object.keys(raw)];
  const isSharded =
    names.filter((name) => name.endsWith(".safetensors")).length > 1;
  const index = given !== undefined || isSharded
    ? ["model.safetensors.index.json"]
    : [];
  return [...(config === undefined ? [] : ["config.json"]), ...names, ...index];
}

function fileOf(model: FakeModel, name: string, request: Request): Response {
  if (name === "config.json") return ranged(encode(model.config), request);
  if (name === "model.safetensors.index.json") {
    if (model.index !== undefined) return ranged(encode(model.index), request);
    const weight_map = Object.fromEntries(
      Object.entries(model.files ?? {}).flatMap(([file, tensors]) =>
        Object.keys(tensors).map((tensor) => [tensor, file])
      ),
    );
    return ranged(encode({ metadata: {}, weight_map }), request);
  }
  const raw = model.raw?.[name];
  if (raw) return ranged(raw, request);
  const tensors = model.files?.[name];
  if (!tensors) return notFound();
  const { bytes, size } = safetensors(tensors);
  return ranged(bytes, request, size);
}

/** A safetensors file's length and header, and how large its numbers make it. */
function safetensors(
  tensors: Record<string, { dtype: string; shape: number[] }>,
): { bytes: Uint8Array; size: number } {
  let end = 0;
  const header = encode(
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => {
        const begin = end;
        end += tensor.shape.reduce((product, size) => product * size, 1) *
          (dtypeBits(tensor.dtype) ?? 0) / 8;
        return [name, { ...tensor, data_offsets: [begin, end] }];
      }),
    ),
  );
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return { bytes, size: bytes.length + end };
}

function ranged(
  bytes: Uint8Array,
  request: Request,
  size = bytes.length,
): Response {
  const headers = new Headers({
    etag: '"x"',
    "x-repo-commit": SHA,
    "accept-ranges": "bytes",
  });
  const range = request.headers.get("range")?.match(/^bytes=(\d+)-(\d*)$/);
  if (request.method === "HEAD") {
    headers.set("content-length", `${bytes.length}`);
    return new Response(null, { headers });
  }
  if (!range) return new Response(bytes as BodyInit, { headers });
  const from = Number(range[1]);
  const to = Math.min(
    bytes.length - 1,
    range[2] ? Number(range[2]) : bytes.length - 1,
  );
  headers.set("content-range", `bytes ${from}-${to}/${size}`);
  return new Response(bytes.slice(from, to + 1) as BodyInit, {
    status: 206,
    headers,
  });
}

function notFound(): Response {
  return new Response(null, {
    status: 404,
    headers: { "x-error-code": "EntryNotFound" },
  });
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
