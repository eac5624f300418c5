/**
 * Asks the service. Reads fail at once and say why; commands carry an id of their own and are sent again while the network or
 * the store is away, since the service does the same command only once.
 */
import { catalogue } from "./words.svelte";

export type Json = Record<string, unknown>;

/** What went wrong, as the service says it (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly params: Json = {},
    readonly next: Json | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }
  /** Nobody is signed in, or not any more. */
  get signedOut(): boolean {
    return this.status === 401;
  }
}

/** The service could not be reached at all. */
export class Unreachable extends Error {}

/** A command was tried several times, and the service could not be reached; nothing tries it any more. */
export class NotSent extends Unreachable {}

let csrf: string | null = null;
/** The token that guards against forged requests; it lives in memory only. */
export function guardWith(token: string | null): void {
  csrf = token;
}

/** Whose session it is: who looks after it, told by what the service answers. */
export interface Keeper {
  /** Finds out which guard holds now, after signing in anew in another tab; gives whether that was the same person. */
  renew: () => Promise<boolean>;
  /** Nobody is signed in any more. */
  ended: () => void;
}
let keeper: Keeper | null = null;
export function keptBy(session: Keeper): void {
  keeper = session;
}

const TIMEOUT_MS = 15_000;

/** Asks; what is refused only because the guard is an old one is asked once more with the present one. */
async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const guard = csrf;
  try {
    return await askOnce(method, path, body, headers);
  } catch (error) {
    if (error instanceof Problem && error.signedOut) keeper?.ended();
    const old = error instanceof Problem && error.code === "csrf" && keeper !== null && (await keeper.renew()) && csrf !== guard;
    if (!old) throw error;
    return askOnce(method, path, body, headers);
  }
}

async function askOnce(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
  const sent: Record<string, string> = { "Accept-Language": catalogue.language, ...headers };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  if (method !== "GET" && csrf !== null) sent["X-CSRF-Token"] = csrf;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: sent,
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Unreachable(path);
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<Problem> {
  const after = response.headers.get("Retry-After");
  let told: Json = {};
  try {
    told = (await response.json()) as Json;
  } catch {
    // A proxy's page: the status is all that is known.
  }
  return new Problem(
    response.status,
    String(told["code"] ?? "http"),
    String(told["detail"] ?? response.statusText),
    (told["params"] as Json | undefined) ?? {},
    (told["next"] as Json | undefined) ?? null,
    after === null ? null : Number(after),
  );
}

async function read<T>(response: Response): Promise<T> {
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Reads something. */
export async function get<T>(path: string): Promise<T> {
  return read<T>(await ask("GET", path));
}

/** Reads something and the tag of its version, for the If-Match of who changes it. */
export async function getTagged<T>(path: string): Promise<{ told: T; tag: string | null }> {
  const response = await ask("GET", path);
  return { told: await read<T>(response), tag: response.headers.get("ETag") };
}

/** Asks something in a body (a place, a search) that changes nothing. */
export async function query<T>(path: string, body: unknown): Promise<T> {
  return read<T>(await ask("POST", path, body));
}

/** Sends something that is no command of a region: signing in, accounts, tokens. `tag`: of the version that was seen. */
export async function send<T>(method: string, path: string, body?: unknown, tag: string | null = null): Promise<T> {
  return read<T>(await ask(method, path, body, tag === null ? {} : { "If-Match": tag }));
}

/** What a command led to. */
export interface Done {
  command: string;
  recorded_at: string;
  versions: Record<string, number>;
  events: string[];
  made: Record<string, string[]>;
  repeated: boolean;
}

export interface Command {
  method?: "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: Json;
  /** The version that was seen, for If-Match. */
  version?: number | undefined;
  /** Its id; a new one if left out. */
  key?: string;
}

/** An id for a command. */
export const newKey = (): string => crypto.randomUUID().replaceAll("-", "");

const AGAIN_MS = [400, 1_000, 2_000, 4_000, 8_000];

/**
 * Gives a command. While the service can't be reached or its store is away it is sent again with the same id, for about
 * a quarter of a minute (`again`: at most so many times); then the last error is thrown.
 */
export async function give<T = Done>(command: Command, again = AGAIN_MS.length): Promise<T> {
  const headers: Record<string, string> = { "Idempotency-Key": command.key ?? newKey() };
  if (command.version !== undefined) headers["If-Match"] = `"${command.version}"`;
  for (let tries = 0; ; tries++) {
    try {
      return await read<T>(await ask(command.method ?? "POST", command.path, command.body ?? {}, headers));
    } catch (error) {
      const passing = error instanceof Unreachable || (error instanceof Problem && (error.status === 503 || error.status === 502));
      const wait = AGAIN_MS[tries];
      if (!passing || wait === undefined || tries >= again) throw error instanceof Unreachable ? new NotSent(error.message) : error;
      await new Promise((go) => setTimeout(go, wait));
    }
  }
}
