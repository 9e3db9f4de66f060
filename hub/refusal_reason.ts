import { BrokenHeader } from "../lib/models/headers/mod.ts";
import { isGate } from "./gated.ts";
import { HubRefusal, HubStopped, HubUnreachable } from "./hub_error.ts";

/** Whose look-up went wrong. */
export interface Asked {
  id: string;
  revision: string;
  endpoint: string;
  token?: string | undefined;
  /** Whether the token is one visitor's, who has signed in. */
  isVisitors?: boolean;
}

/**
 * Puts a failure into words for a person; they go on after "model ". The token
 * is never among them.
 *
 * @returns Null for an error that is not the Hub's.
 */
export function refusalReason(error: unknown, asked: Asked): string | null {
  const text = textOf(error, asked);
  return text !== null && asked.token
    ? text.replaceAll(asked.token, "[token]")
    : text;
}

function textOf(error: unknown, asked: Asked): string | null {
  if (error instanceof HubStopped) {
    return `${asked.id} was not looked up: the look-up was stopped`;
  }
  if (error instanceof HubUnreachable) {
    return `cannot be looked up: ${error.message}`;
  }
  if (error instanceof BrokenHeader) {
    return `${asked.id} has a checkpoint that cannot be read: ${error.message}`;
  }
  return error instanceof HubRefusal ? answerText(error, asked) : null;
}

function answerText(refusal: HubRefusal, asked: Asked): string {
  const { status, code, wait } = refusal;
  const { id, revision, endpoint, token, isVisitors } = asked;
  const where = hostOf(endpoint);
  if (isGate(refusal)) {
    if (isVisitors) {
      return `${id} is gated, and your account is not let in: accept its terms at ${endpoint}/${id}, or wait until its owner agrees`;
    }
    return token
      ? `${id} is gated, and the account of HF_TOKEN is not let in: accept its terms at ${endpoint}/${id}, or wait until its owner agrees`
      : `${id} is gated: accept its terms at ${endpoint}/${id} and set HF_TOKEN to a token of that account`;
  }
  if (code === "RevisionNotFound") {
    return `${id} has no revision ${revision}: give a branch, a tag or a commit of it, or leave out @${revision}`;
  }
  if (isMissing(refusal, asked)) {
    return `${id} is not on ${where}, or is private: check its name, or set HF_TOKEN to a token that may read it`;
  }
  if (status === 401 && isVisitors) {
    return "cannot be looked up: your sign-in has run out; sign out, and in again";
  }
  if (status === 401) {
    return `cannot be looked up: ${where} does not accept the token in HF_TOKEN; set a valid one, or none`;
  }
  if (status === 429) {
    return `cannot be looked up now: ${where} asks for patience${
      wait === null ? "" : `, ${Math.ceil(wait)} seconds`
    }; ${token ? "try again then" : "a token in HF_TOKEN raises its limit"}`;
  }
  return `cannot be looked up: ${endpoint} answered ${status}${
    status >= 500 ? "; try again later" : ""
  }`;
}

function isMissing({ status, code }: HubRefusal, { token }: Asked): boolean {
  if (code === "GatedRepo" || code === "RevisionNotFound") return false;
  return status === 404 || code === "RepoNotFound" ||
    (status === 401 && !token);
}

/** "the Hub", and which one where it is not the usual one. */
function hostOf(endpoint: string): string {
  const { host } = new URL(endpoint);
  return host === "huggingface.co" ? "the Hub" : `the Hub (${host})`;
}
