// Requests to the server. Every fault becomes one of three: signed out, out of reach, or refused.

import { person } from "../../static/js/core/person.js";

const PATIENCE = 30_000; // milliseconds for a response: a line that is dead may never say so

export class SignedOut extends Error {}
export class OutOfReach extends Error {}

export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** Whether the server still decodes the pixels that were asked for: it can be asked again. */
export function isBeingPrepared(error: unknown): boolean {
  return error instanceof Refused && error.body.type === "urn:neuroscan:problem:being-prepared";
}

export interface Connection {
  /** The path below which the API lives, "/api/v1/". */
  root: string;
  csrfCookie: string;
  csrfToken: string;
}

let connection: Connection = { root: "/api/v1/", csrfCookie: "csrftoken", csrfToken: "" };

export function connect(to: Connection): void {
  connection = to;
}

export const addressOf = (path: string) => connection.root + path;

function csrfToken(): string {
  // After signing in again in another tab the cookie has a new one.
  const found = document.cookie
    .split("; ")
    .find((part) => part.startsWith(`${connection.csrfCookie}=`));
  return found?.slice(connection.csrfCookie.length + 1) || connection.csrfToken;
}

export async function request(address: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    const { signal } = options;
    if (signal?.aborted && signal.reason?.name !== "TimeoutError") throw error;
    throw new OutOfReach("The server cannot be reached. Check the network.");
  }
  if (response.ok) return response;
  const body = await problemOf(response);
  const isSignedOut =
    response.status === 401 || (response.status === 403 && /CSRF|not signed in/i.test(body.detail));
  if (isSignedOut) throw new SignedOut("You were signed out.");
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    throw new OutOfReach("The server is not ready. It will be tried again.");
  }
  throw new Refused(response.status, body.detail, body);
}

/** The text of a problem for a reader: of one that names fields, what is wrong with each. */
export function textOf(problem: { detail?: unknown; errors?: unknown }): string | undefined {
  if (typeof problem.detail !== "string") return undefined;
  const errors = strings(problem.errors);
  return problem.detail.includes("`errors`") && errors.length ? errors.join(" ") : problem.detail;
}

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(strings) : [];
}

async function problemOf(
  response: Response,
): Promise<Record<string, unknown> & { detail: string }> {
  try {
    const body = (await response.json()) as Record<string, unknown>;
    return { ...body, detail: textOf(body) ?? `The server responded with ${response.status}.` };
  } catch {
    return { detail: `The server responded with ${response.status}.` };
  }
}

export async function read<T>(address: string): Promise<T> {
  const response = await request(address, { headers: { Accept: "application/json" } });
  return (await response.json()) as T;
}

export async function send<T>(
  address: string,
  body: unknown,
  { method = "POST", keepalive = false } = {},
): Promise<T> {
  const response = await request(address, {
    method,
    keepalive,
    signal: AbortSignal.timeout(PATIENCE),
    headers: {
      Accept: "application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": csrfToken(),
      "X-Drawn-For": person(), // accounts/drawn_for.py
    },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** Every row of a list that comes in pages. */
export async function readAll<T>(address: string): Promise<T[]> {
  const rows: T[] = [];
  let next: string | null = address;
  while (next) {
    const page: { results: T[]; next: string | null } = await read(next);
    rows.push(...page.results);
    next = page.next;
  }
  return rows;
}
