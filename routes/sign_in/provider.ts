import * as oauth from "oauth4webapi";
import { isLoopback } from "./settings.ts";
import type { SignInSettings } from "./settings.ts";

/** Longest that the provider may take for one answer, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** Longest time for which a token is used, in seconds: eight hours. */
const MAX_SECONDS = 8 * 3600;
/** Longest name that is shown. */
const MAX_NAME = 60;

/** What a visitor's browser keeps while the visitor is at the provider. */
export interface Journey {
  state: string;
  verifier: string;
  nonce: string;
  /** The page to come back to. */
  to: string;
}

/** Who has signed in, as the browser keeps it, sealed. */
export interface Session {
  name: string;
  token: string;
  /** Seconds for which that holds. */
  seconds: number;
}

/** The provider of accounts, by OpenID Connect with a code and PKCE. */
export class Provider {
  readonly #settings: SignInSettings;
  #server: Promise<oauth.AuthorizationServer> | null = null;

  constructor(settings: SignInSettings) {
    this.#settings = settings;
  }

  /** Where a visitor is sent to sign in, and what the browser has to keep. */
  async begin(to: string): Promise<{ url: URL; journey: Journey }> {
    const server = await this.#discovered();
    const journey = {
      state: oauth.generateRandomState(),
      verifier: oauth.generateRandomCodeVerifier(),
      nonce: oauth.generateRandomNonce(),
      to,
    };
    const { clientId, redirect, scopes } = this.#settings;
    const url = new URL(server.authorization_endpoint ?? "");
    url.search = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirect,
      response_type: "code",
      scope: scopes,
      state: journey.state,
      nonce: journey.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(journey.verifier),
      code_challenge_method: "S256",
    }).toString();
    return { url, journey };
  }

  /**
   * Takes the code that a visitor comes back with for a token.
   *
   * @throws When the answer is not to this journey, or the provider refuses.
   */
  async end(
    query: URLSearchParams,
    { state, verifier, nonce }: Journey,
  ): Promise<Session> {
    const server = await this.#discovered();
    const client = { client_id: this.#settings.clientId };
    const parameters = oauth.validateAuthResponse(server, client, query, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      this.#authenticate,
      parameters,
      this.#settings.redirect,
      verifier,
      this.#options(),
    );
    const told = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      answer,
      { expectedNonce: nonce, requireIdToken: true },
    );
    const claims = oauth.getValidatedIdTokenClaims(told);
    const name = claims?.["preferred_username"] ?? claims?.["name"] ?? "";
    return {
      name: String(name).slice(0, MAX_NAME),
      token: told.access_token,
      seconds: Math.min(told.expires_in ?? MAX_SECONDS, MAX_SECONDS),
    };
  }

  /**
   * As Hugging Face documents it: its clients' names have hyphens, which RFC 6749
   * would have escaped.
   */
  #authenticate: oauth.ClientAuth = (_server, _client, _body, headers) => {
    const { clientId, clientSecret } = this.#settings;
    headers.set(
      "authorization",
      `Basic ${btoa(`${clientId}:${clientSecret}`)}`,
    );
  };

  #options() {
    return {
      signal: () => AbortSignal.timeout(TIMEOUT_MS),
      [oauth.allowInsecureRequests]: isLoopback(this.#settings.provider),
    };
  }

  /** What the provider says of itself; asked for once, unless that fails. */
  #discovered(): Promise<oauth.AuthorizationServer> {
    const { provider } = this.#settings;
    const asked = this.#server ?? oauth.discoveryRequest(
      provider,
      this.#options(),
    ).then((response) => oauth.processDiscoveryResponse(provider, response));
    this.#server = asked;
    asked.catch(() => this.#server = null);
    return asked;
  }
}
