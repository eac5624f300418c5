/**
 * What the telephone keeps, so that a gap in coverage or a reload in it loses nothing: commands that have not gone through,
 * positions that have not been sent, and the present job with its way. The job names a patient: it is kept only while the run
 * lasts. At signing out everything is wiped; when a session ends by itself, what names a patient is, and what was pressed stays
 * until the same person signs in again.
 */
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Json } from "../shared/http";
import type { Session } from "../shared/session.svelte";
import type { Case, Particulars, Patient, Region, RouteView, Run, StatusName, Vehicle } from "../shared/shapes";

/** What a command makes true, to show it before the service has answered. People go by "case/patient". */
export interface Makes {
  run?: { id: string; state: Run["state"] };
  vehicle?: StatusName;
  patients?: Record<string, Partial<Pick<Patient, "state" | "goal" | "firm">>>;
  /** Requests to the desk that it makes, by whom they are about. */
  asked?: Record<string, string>;
  /** Offers and requests that it answers. */
  answered?: string[];
}

export interface Refusal {
  /** Why it was refused; "" where it was somebody else's, who has signed out of the telephone. */
  refused: string;
  /** It was not looked at: the service failed at it. It may be sent again. */
  failed: boolean;
}

/** A command that waits to go through, or that was refused and has not been seen. */
export interface Queued extends Partial<Refusal> {
  id?: number;
  key: string;
  method: "POST" | "PUT";
  path: string;
  body: Json;
  /** When it was pressed, by the service's clock. */
  happenedAt: string;
  /** Who pressed it. */
  by: string;
  /** What it is called: the key of its text. */
  label: string;
  makes: Makes;
}

export interface KeptFix { id?: number; vehicle: string; longitude: number; latitude: number; fix_time: string; speed_kph?: number; course_deg?: number; accuracy_m?: number }

/** The present job as it was last read. */
export interface Job {
  /** When it was read, in milliseconds of the service's clock. */
  at: number;
  vehicle: Vehicle;
  run: Run | null;
  cases: Case[];
  particulars: Record<string, Particulars>;
  route: RouteView | null;
  /** Kinds of cases for which the team stays where the person is. */
  visits: string[];
}

/** Who was signed in and where, without the session's guard: to begin without coverage. */
export interface Before { session: Session; region: Region; reckoning: { ahead: number; at: number; speed: number } }

interface Tables extends DBSchema {
  queue: { key: number; value: Queued };
  fixes: { key: number; value: KeptFix };
  job: { key: string; value: Job };
  before: { key: string; value: Before };
}

const NAME = "siaga-driver";
const MOST_FIXES = 2_000;
const AT_ONCE = 500;

let opened: Promise<IDBPDatabase<Tables>> | undefined;
let allowed = false;

/** From now on something may be kept: somebody is signed in. What is read late, after they have gone, is not. */
export function allow(): void {
  allowed = true;
}

function database(): Promise<IDBPDatabase<Tables>> {
  const close = () => {
    void opened?.then((tables) => tables.close());
    opened = undefined;
  };
  opened ??= openDB<Tables>(NAME, 1, {
    upgrade(tables) {
      tables.createObjectStore("queue", { keyPath: "id", autoIncrement: true });
      tables.createObjectStore("fixes", { keyPath: "id", autoIncrement: true });
      tables.createObjectStore("job");
      tables.createObjectStore("before");
    },
    blocking: close, // another tab wipes it
    terminated: () => (opened = undefined),
  });
  opened.catch(() => (opened = undefined));
  return opened;
}

/** The tables, while somebody is signed in: who leaves while they are opened takes everything along. */
async function tablesOfWhoIsHere(): Promise<IDBPDatabase<Tables> | undefined> {
  const tables = allowed ? await database() : undefined;
  return allowed ? tables : undefined;
}

export const queued = async (): Promise<Queued[]> => (await tablesOfWhoIsHere())?.getAll("queue") ?? [];
/** Raises where the telephone can't keep anything. */
export const enqueue = async (one: Queued): Promise<void> => void (await (await database()).add("queue", one));
export const dequeue = async (id: number): Promise<void> => (await tablesOfWhoIsHere())?.delete("queue", id);
/** Keeps that a command was refused, until somebody has seen it. */
export const keepRefused = (one: Queued, refusal: Refusal): Promise<void> => putBack({ ...one, ...refusal });

/** What was kept as refused waits again, in its old place. */
export async function putBack(one: Queued): Promise<void> {
  await (await tablesOfWhoIsHere())?.put("queue", one);
}

export const keptJob = async (vehicle: string): Promise<Job | undefined> => (await database()).get("job", vehicle);

/** Keeps the job while there is a run; without one nothing of a patient stays. */
export async function keepJob(job: Job): Promise<void> {
  const change = (await tablesOfWhoIsHere())?.transaction("job", "readwrite"); // one: nothing comes between
  if (change === undefined) return;
  const cleared = change.store.clear();
  const put = job.run === null ? undefined : change.store.put(job, job.vehicle.id);
  await Promise.all([cleared, put, change.done]);
}

export const readBefore = async (): Promise<Before | undefined> => (await database()).get("before", "last");
export async function keepBefore(before: Before): Promise<void> {
  await (await tablesOfWhoIsHere())?.put("before", before, "last");
}

export async function keepFix(fix: KeptFix): Promise<void> {
  const tables = await tablesOfWhoIsHere();
  if (tables === undefined) return;
  await tables.add("fixes", fix);
  const over = (await tables.count("fixes")) - MOST_FIXES;
  for (const old of over > 0 ? await tables.getAllKeys("fixes", undefined, over) : []) await tables.delete("fixes", old);
}
/** The oldest positions that have not been sent; those of another vehicle, which nobody here may send any more, are dropped. */
export async function keptFixes(vehicle: string): Promise<KeptFix[]> {
  const found = (await (await tablesOfWhoIsHere())?.getAll("fixes", undefined, AT_ONCE)) ?? [];
  const others = found.filter((one) => one.vehicle !== vehicle);
  await dropFixes(others);
  return found.filter((one) => one.vehicle === vehicle);
}
export async function dropFixes(fixes: readonly KeptFix[]): Promise<void> {
  const tables = fixes.length === 0 ? undefined : await tablesOfWhoIsHere();
  for (const { id } of fixes) if (id !== undefined) await tables?.delete("fixes", id);
}

/** Forgets what names a patient and who was signed in: the session has ended by itself. */
export async function forget(): Promise<void> {
  allowed = false;
  const tables = await database();
  await Promise.all([tables.clear("job"), tables.clear("before")]);
}

/** Forgets everything, at signing out. */
export async function wipe(): Promise<void> {
  allowed = false;
  (await opened)?.close();
  opened = undefined;
  await deleteDB(NAME);
}
