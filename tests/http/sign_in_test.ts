import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { openHub } from "../../hub/mod.ts";
import { DEFAULT_TABLES } from "../../lib/ask/tables/config.ts";
import type { Fetch } from "../../routes/access_log.ts";
import { logged } from "../../routes/access_log.ts";
import { keeping } from "../../routes/keeping.ts";
import type { Peer } from "../../routes/pool/front.ts";
import { servePool } from "../../routes/pool/serve.ts";
import { signInFrom } from "../../routes/sign_in/settings.ts";
import { signingIn } from "../../routes/sign_in.ts";
import { startFakeHub, TOKEN } from "../hub/fake_hub.ts";
import { CONFIG } from "../hub/slow_hub.ts";
import { CLIENT, startOpenId } from "./openid_server.ts";
import type { OpenIdServer } from "./openid_server.ts";

const HOST = "https://owner-name.hf.space";
const GATED = `${HOST}/?model=a/gated`;
const PEER = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
} as Peer;

/** A browser, as far as cookies go. */
class Visitor {
  readonly cookies = new Map<string, string>();
  /** Whole headers that set cookies. */
  readonly set: string[] = [];

  constructor(readonly fetch: Fetch<[Peer]>) {}

  async get(url: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0) {
      headers.set(
        "Cookie",
        [...this.cookies].map((pair) => pair.join("=")).join("; "),
      );
    }
    const response = await this.fetch(
      new Request(new URL(url, HOST), { ...init, headers }),
      PEER,
    );
    for (const cookie of response.headers.getSetCookie()) {
      this.set.push(cookie);
      const [, name = "", value = ""] = cookie.match(/^([^=]+)=([^;]*)/) ?? [];
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async signIn(openId: OpenIdServer, token: string, to = "/"): Promise<string> {
    const sent = await this.get(`/login?to=${encodeURIComponent(to)}`);
    assertEquals(sent.status, 303);
    const query = openId.allow(
      new URL(sent.headers.get("location") ?? ""),
      token,
    );
    const back = await this.get(`/login/callback?${query}`);
    assertEquals(back.status, 303, await back.text());
    return back.headers.get("location") ?? "";
  }
}

/** The whole server, with a provider and a Hub of its own. */
async function withServer(
  use: (
    all: {
      openId: OpenIdServer;
      hub: ReturnType<typeof startFakeHub>;
      visitor: () => Visitor;
      lines: string[];
    },
  ) => Promise<void>,
): Promise<void> {
  await using openId = await startOpenId();
  await using hub = startFakeHub({
    "a/gated": { config: CONFIG, gated: true },
    "a/open": { config: CONFIG },
  });
  const settings = signInFrom((name) => ({
    OAUTH_CLIENT_ID: CLIENT.id,
    OAUTH_CLIENT_SECRET: CLIENT.secret,
    OAUTH_SCOPES: "openid profile gated-repos",
    OPENID_PROVIDER_URL: openId.url,
    SPACE_HOST: "owner-name.hf.space",
  }[name]));
  assert(settings);
  const { endpoint } = hub;
  const { fetch, quick, close } = servePool({
    hub: openHub({ endpoint }),
    visitorsHub: (token) => openHub({ endpoint, token, isVisitors: true }),
    tables: DEFAULT_TABLES,
    trustsProxy: false,
    limitsClients: false,
  });
  const lines: string[] = [];
  const answering = logged(
    signingIn(settings, {
      usual: keeping(fetch),
      own: fetch,
      refuse: (request, refusal) => quick.refuse(request, refusal),
    }),
    { write: (line) => lines.push(line), queries: true },
  );
  try {
    await use({ openId, hub, visitor: () => new Visitor(answering), lines });
  } finally {
    close();
  }
}

Deno.test("there is nothing to sign in to where the platform gives nothing", () => {
  assertEquals(signInFrom(() => undefined), null);
  assertThrows(
    () =>
      signInFrom((name) =>
        name === "OPENID_PROVIDER_URL" ? "http://example.org" : "x"
      ),
    RangeError,
    "OPENID_PROVIDER_URL must be an https address: current value is http://example.org",
  );
});

Deno.test("a gated model leads to the sign-in, which lets its visitor alone see it", async () => {
  await withServer(async ({ openId, hub, visitor, lines }) => {
    const ada = visitor();
    const refused = await ada.get(GATED);
    assertEquals(refused.status, 422);
    const page = await refused.text();
    assertMatch(page, /a\/gated is gated/);
    const link = page.match(/href="(\/login\?to=[^"]*)" target="_blank"/g);
    // At the top, and where it was refused.
    assertEquals(link?.length, 2);

    const to = await ada.signIn(openId, TOKEN, new URL(GATED).search);
    assertEquals(to, `/${new URL(GATED).search}`);
    const [, session = ""] = ada.set.filter((each) => !/Max-Age=0/.test(each));
    assertMatch(session, /^__Host-session=/);
    for (const part of ["HttpOnly", "Secure", "SameSite=None", "Path=/"]) {
      assertStringIncludes(session, `; ${part}`);
    }
    assert(!ada.set.join().includes(TOKEN));

    const answered = await ada.get(GATED);
    const text = await answered.text();
    assertEquals(answered.status, 200, text.slice(0, 500));
    assertMatch(text, /ada <button[^>]*>Sign out/);
    assert(!text.includes(TOKEN));
    assertMatch(answered.headers.get("cache-control") ?? "", /^private/);
    assertStringIncludes(answered.headers.get("vary") ?? "", "Cookie");

    // Nobody else is shown it: neither a stranger nor who is not let in.
    const stranger = await visitor().get(GATED);
    assertEquals(stranger.status, 422);
    await stranger.body?.cancel();
    const other = visitor();
    await other.signIn(openId, "hf_other");
    const told = await (await other.get(GATED)).text();
    assertMatch(told, /gated, and your account is not let in/);

    // A model that all may see is asked for without a token.
    const before = hub.asked.length;
    await (await ada.get("/api/v1/estimate?model=a/open")).body?.cancel();
    assert(hub.asked.length > before);
    assert(!hub.asked.slice(before).some((each) => each.includes("token")));

    const out = await ada.get("/logout", {
      method: "POST",
      headers: { "Sec-Fetch-Site": "same-origin" },
    });
    assertEquals([out.status, ada.cookies.size], [303, 0]);
    const after = await ada.get(GATED);
    assertEquals(after.status, 422);
    await after.body?.cancel();
    assert(!/hf_test|hf_other|code=/.test(lines.join()), lines.join("\n"));
  });
});

Deno.test("pages that are kept for all are kept for nobody who signed in", async () => {
  await withServer(async ({ openId, visitor }) => {
    const address = "/?model=gpt2";
    const ada = visitor();
    const bare = async (who: Visitor) => {
      let response = await who.get(address);
      const to = response.headers.get("location");
      if (to) response = await who.get(to);
      return await response.text();
    };
    assertMatch(await bare(ada), />Sign in/);
    await ada.signIn(openId, TOKEN);
    assertMatch(await bare(ada), /Sign out/);
    assertMatch(await bare(visitor()), />Sign in/);
    const spoofed = await visitor().get(address, {
      headers: { "X-Headroom-Visitor": "mallory" },
      redirect: "follow",
    });
    assert(!(await spoofed.text()).includes("mallory"));
  });
});

Deno.test("a sign-in that is not the browser's own is refused", async () => {
  await withServer(async ({ openId, visitor }) => {
    const begun = async (who: Visitor) => {
      const sent = await who.get("/login?to=//evil.example/x");
      return new URL(sent.headers.get("location") ?? "");
    };
    const refusedBy = async (who: Visitor, query: URLSearchParams) => {
      const response = await who.get(`/login/callback?${query}`);
      await response.body?.cancel();
      assert(!who.cookies.has("__Host-session"));
      return response.status;
    };
    const ada = visitor();
    const sent = await begun(ada);
    assertEquals(sent.searchParams.get("code_challenge_method"), "S256");
    assertEquals(
      sent.searchParams.get("redirect_uri"),
      `${HOST}/login/callback`,
    );
    // Another browser, another state, another nonce, a refusal.
    assertEquals(await refusedBy(visitor(), openId.allow(sent, TOKEN)), 400);
    const forged = openId.allow(sent, TOKEN);
    forged.set("state", "another");
    assertEquals(await refusedBy(ada, forged), 502);
    openId.wrong.nonce = "another";
    assertEquals(await refusedBy(ada, openId.allow(sent, TOKEN)), 502);
    delete openId.wrong.nonce;
    openId.wrong.refuses = true;
    assertEquals(await refusedBy(ada, openId.allow(sent, TOKEN)), 502);
    delete openId.wrong.refuses;
    // The way back leads nowhere else.
    const back = await ada.get(
      `/login/callback?${openId.allow(sent, TOKEN)}`,
    );
    assertEquals(back.headers.get("location"), "/");
    // Neither a cookie of somebody's making nor the other cookie signs in.
    const eve = visitor();
    await begun(eve);
    eve.cookies.set(
      "__Host-session",
      eve.cookies.get("__Host-journey") ?? "",
    );
    assertMatch(await (await eve.get("/docs")).text(), />Sign in/);
    const cross = await ada.get("/logout", {
      method: "POST",
      headers: { "Sec-Fetch-Site": "cross-site" },
    });
    await cross.body?.cancel();
    assertEquals(cross.status, 403);
  });
});

Deno.test("who has signed in comes back to a page of this server, whatever was asked for", async () => {
  await withServer(async ({ openId, visitor }) => {
    const asked = [
      ["/models?q=qwen", "/models?q=qwen"],
      ["//evil.example/x", "/"],
      ["http://localhost//evil.example/x", "/"],
      ["/\\evil.example", "/"],
      ["https://evil.example", "/"],
    ];
    for (const [to, back] of asked) {
      assertEquals(await visitor().signIn(openId, "hf_ada", to), back, to);
    }
  });
});
