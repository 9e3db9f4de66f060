import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** A provider of accounts on loopback. */
export interface OpenIdServer extends AsyncDisposable {
  url: string;
  /** What it was asked for, beside what it says of itself. */
  asked: string[];
  /** Lets a visitor in who was sent there: the query that comes back. */
  allow(sent: URL, token: string, name?: string): URLSearchParams;
  /** What it gets wrong from now on. */
  wrong: { nonce?: string; refuses?: boolean };
}

export const CLIENT = { id: "the-client", secret: "the-secret-of-the-client" };

/** Starts one, which holds to code, PKCE and the secret of its one client. */
export async function startOpenId(): Promise<OpenIdServer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const codes = new Map<string, { sent: URL; token: string; name: string }>();
  const asked: string[] = [];
  const wrong: OpenIdServer["wrong"] = {};
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname, origin } = new URL(request.url);
      if (pathname === "/.well-known/openid-configuration") {
        return Response.json({
          issuer: origin,
          authorization_endpoint: `${origin}/oauth/authorize`,
          token_endpoint: `${origin}/oauth/token`,
          jwks_uri: `${origin}/oauth/keys`,
        });
      }
      asked.push(`${request.method} ${pathname}`);
      if (pathname === "/oauth/keys") {
        return Response.json({ keys: [await exportJWK(publicKey)] });
      }
      const form = await request.formData();
      const code = codes.get(String(form.get("code")));
      codes.delete(String(form.get("code")));
      const wanted = code?.sent.searchParams;
      const challenge = createHash("sha256")
        .update(String(form.get("code_verifier"))).digest("base64url");
      const isRight = code && !wrong.refuses &&
        request.headers.get("authorization") ===
          `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` &&
        wanted?.get("code_challenge") === challenge &&
        wanted.get("redirect_uri") === form.get("redirect_uri");
      if (!isRight) {
        return Response.json({ error: "invalid_grant" }, { status: 400 });
      }
      const id_token = await new SignJWT({
        nonce: wrong.nonce ?? wanted.get("nonce") ?? "",
        preferred_username: code.name,
      }).setProtectedHeader({ alg: "RS256" }).setIssuer(origin)
        .setAudience(CLIENT.id).setSubject("1").setIssuedAt()
        .setExpirationTime("1 hour").sign(privateKey);
      return Response.json({
        access_token: code.token,
        token_type: "bearer",
        expires_in: 3600,
        scope: "openid profile gated-repos",
        id_token,
      });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    wrong,
    allow(sent, token, name = "ada") {
      const code = crypto.randomUUID();
      codes.set(code, { sent, token, name });
      return new URLSearchParams({
        code,
        state: sent.searchParams.get("state") ?? "",
      });
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
