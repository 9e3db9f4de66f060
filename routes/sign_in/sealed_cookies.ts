import { createHash } from "node:crypto";
import { EncryptJWT, jwtDecrypt } from "jose";
import { parse, serialize } from "hono/utils/cookie";

/** Longest value of a cookie that browsers keep. */
const MAX_LENGTH = 3800;

/**
 * Cookies that only this program can read: sealed with a key that is made of its
 * secret, so that nothing is kept here and a restart forgets nobody.
 */
export class SealedCookies {
  readonly #key: Uint8Array;

  constructor(secret: string) {
    this.#key = createHash("sha256").update(`headroom cookies ${secret}`)
      .digest();
  }

  /**
   * A header that sets a cookie.
   *
   * @param value What it holds; null takes it away.
   * @param seconds For which it holds.
   * @throws {RangeError} When that is too long for a cookie.
   */
  async header(
    name: string,
    value: Record<string, string> | null,
    seconds: number,
  ): Promise<string> {
    const text = value === null ? "" : await this.#seal(name, value, seconds);
    if (text.length > MAX_LENGTH) {
      throw new RangeError(`${name} is too long for a cookie`);
    }
    // In a frame of another site, where Spaces are shown, a browser sends no
    // other cookies than those of SameSite=None. It signs in in a tab of its
    // own, whose partition is not the frame's: Partitioned would keep it there.
    return serialize(`__Host-${name}`, text, {
      path: "/",
      secure: true,
      httpOnly: true,
      sameSite: "None",
      maxAge: value === null ? 0 : seconds,
    });
  }

  /** What a request's cookie holds; null where there is none, or it is not ours. */
  async read(
    headers: Headers,
    name: string,
  ): Promise<Record<string, unknown> | null> {
    const cookie = headers.get("Cookie");
    const text = cookie && parse(cookie, `__Host-${name}`)[`__Host-${name}`];
    if (!text || text.length > MAX_LENGTH) return null;
    try {
      const { payload } = await jwtDecrypt(text, this.#key, {
        audience: name,
        requiredClaims: ["exp"],
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      });
      return payload;
    } catch {
      return null;
    }
  }

  #seal(
    name: string,
    value: Record<string, string>,
    seconds: number,
  ): Promise<string> {
    return new EncryptJWT(value)
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
      .setAudience(name)
      .setExpirationTime(`${Math.max(1, Math.floor(seconds))} seconds`)
      .encrypt(this.#key);
  }
}
