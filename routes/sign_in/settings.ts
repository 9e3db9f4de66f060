/** What a platform gives a program whose visitors it lets sign in. */
export interface SignInSettings {
  clientId: string;
  clientSecret: string;
  /** Of what is asked for, such as "openid profile gated-repos". */
  scopes: string;
  /** Where the provider of the accounts is. */
  provider: URL;
  /** Where it sends visitors back to. */
  redirect: string;
}

/** Where visitors begin, come back to, and end. */
export const SIGN_IN = "/login";
export const CALLBACK = "/login/callback";
export const SIGN_OUT = "/logout";

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/**
 * What a Space with `hf_oauth: true` finds in its environment.
 *
 * @param read Reads a variable, or undefined.
 * @returns Null where nobody gives it: then there is nothing to sign in to.
 * @throws {RangeError} When the provider is no address that may have a secret.
 */
export function signInFrom(
  read: (name: string) => string | undefined,
): SignInSettings | null {
  const clientId = read("OAUTH_CLIENT_ID");
  const clientSecret = read("OAUTH_CLIENT_SECRET");
  const provider = read("OPENID_PROVIDER_URL");
  // With a domain of one's own there are two, the Space's first.
  const host = read("SPACE_HOST")?.split(",")[0]?.trim();
  if (!clientId || !clientSecret || !provider || !host) return null;
  const url = URL.parse(provider);
  const isSafe = url?.protocol === "https:" ||
    (url?.protocol === "http:" && isLoopback(url));
  if (!url || !isSafe) {
    throw new RangeError(
      `OPENID_PROVIDER_URL must be an https address: current value is ${provider}`,
    );
  }
  return {
    clientId,
    clientSecret,
    scopes: read("OAUTH_SCOPES") ?? "openid profile",
    provider: url,
    redirect: `https://${host}${CALLBACK}`,
  };
}

/** Whether an address is on this machine, where nobody listens in. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.test(hostname);
}
