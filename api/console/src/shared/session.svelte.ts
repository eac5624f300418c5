/** Who is signed in. The session's secret is a cookie that scripts can't read; nothing of it is kept here or in storage. */
import { get, guardWith, keptBy, Problem, send } from "./http";

export interface Session {
  id: string;
  kind: "person" | "token" | "device";
  roles: { name: string; label: Record<string, string> }[];
  permissions: string[];
  regions: string[] | null;
  vehicle: string | null;
  facility: string | null;
  csrf: string | null;
}

class SignedIn {
  who = $state.raw<Session | null>(null);
  asked = $state(false);
  /** They have signed out themselves; a session may also end by time, or be ended. */
  left = false;

  constructor() {
    keptBy({ renew: () => this.#renew(), ended: () => this.ended() });
  }

  /** Looks who is signed in by now: what one person pressed is never sent in another's name. */
  async #renew(): Promise<boolean> {
    const before = this.who?.id;
    await this.look();
    return before !== undefined && this.who?.id === before;
  }

  /** Asks who is signed in. Raises Unreachable. */
  async look(): Promise<void> {
    try {
      this.#is(await get<Session>("/v1/session"));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!error.signedOut) throw error;
      this.#is(null);
    }
    this.asked = true;
  }

  async signIn(name: string, password: string): Promise<void> {
    this.#is(await send<Session>("POST", "/v1/session", { name, password }));
  }

  async signOut(): Promise<void> {
    this.left = true; // whoever is told first that nobody is signed in any more knows why
    try {
      await send("DELETE", "/v1/session");
    } catch (error) {
      if (this.who !== null) this.left = false;
      throw error;
    }
    this.#is(null);
  }

  /** The service said that nobody is signed in any more. */
  ended(): void {
    this.#is(null);
  }

  /** Who was signed in when there was coverage last: enough to go on with, until the service confirms it. */
  wasSignedIn(session: Session): void {
    this.#is({ ...session, csrf: null });
    this.asked = true;
  }

  may(permission: string): boolean {
    return this.who?.permissions.includes(permission) ?? false;
  }

  #is(session: Session | null): void {
    if (session !== null) this.left = false;
    this.who = session;
    guardWith(session?.csrf ?? null);
  }
}

export const session = new SignedIn();
