/**
 * What the telephone keeps, so that a gap in coverage or a reload in it loses nothing: commands that have not gone through,
 * positions that have not been sent, and the present job with its way. The job names a patient; it is kept only while the run
 * lasts, and everything is wiped at signing out.
 */
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { Json } from "../shared/http";
import type { Session } from "../shared/session.svelte";
import type { Case, Particulars, Region, RouteView, Run, Vehicle } from "../shared/shapes";

/** A command that waits to go through. */
export interface Queued {
  id?: number;
  key: string;
  method: "POST" | "PUT";
  path: string;
  body: Json;
  /** When it was pressed, by the service's clock. */
  happenedAt: string;
  /** In the person's words, to say what waits. */
  label: string;
  /** What it makes true, for what is shown meanwhile: "run:<id>=<state>", "patient:<case>/<id>=<state>". */
  makes: string[];
}

export interface KeptFix { id?: number; vehicle: string; longitude: number; latitude: number; fix_time: string; speed_kph?: number; course_deg?: number; accuracy_m?: number }

/** The present job as it was last read. */
export interface Job {
  at: number;
  vehicle: Vehicle;
  run: Run | null;
  cases: Case[];
  particulars: Record<string, Particulars>;
  route: RouteView | null;
}

interface Tables extends DBSchema {
  queue: { key: number; value: Queued };
  fixes: { key: number; value: KeptFix };
  job: { key: string; value: Job };
  before: { key: string; value: Before };
}

/** Who was signed in and where, without the session's guard: to begin without coverage. */
export interface Before { session: Session; region: Region; reckoning: { ahead: number; at: number; speed: number } }

const NAME = "siaga-driver";
const MOST_FIXES = 2_000;

let opened: Promise<IDBPDatabase<Tables>> | undefined;

function database(): Promise<IDBPDatabase<Tables>> {
  opened ??= openDB<Tables>(NAME, 1, {
    upgrade(tables) {
      tables.createObjectStore("queue", { keyPath: "id", autoIncrement: true });
      tables.createObjectStore("fixes", { keyPath: "id", autoIncrement: true });
      tables.createObjectStore("job");
      tables.createObjectStore("before");
    },
    terminated: () => (opened = undefined),
  });
  return opened;
}

export const queued = async (): Promise<Queued[]> => (await database()).getAll("queue");
export const enqueue = async (one: Queued): Promise<void> => void (await (await database()).add("queue", one));
export const dequeue = async (id: number): Promise<void> => (await database()).delete("queue", id);

export const keptJob = async (vehicle: string): Promise<Job | undefined> => (await database()).get("job", vehicle);

/** Keeps the job while there is a run; without one nothing of a patient stays. */
export async function keepJob(job: Job): Promise<void> {
  const tables = await database();
  await tables.clear("job");
  if (job.run !== null) await tables.put("job", job, job.vehicle.id);
}

export const readBefore = async (): Promise<Before | undefined> => (await database()).get("before", "last");
export const keepBefore = async (before: Before): Promise<void> => void (await (await database()).put("before", before, "last"));

export async function keepFix(fix: KeptFix): Promise<void> {
  const tables = await database();
  await tables.add("fixes", fix);
  const all = await tables.getAllKeys("fixes");
  for (const old of all.slice(0, Math.max(0, all.length - MOST_FIXES))) await tables.delete("fixes", old);
}
export const keptFixes = async (): Promise<KeptFix[]> => (await database()).getAll("fixes", undefined, 500);
export async function dropFixes(ids: number[]): Promise<void> {
  const tables = await database();
  for (const id of ids) await tables.delete("fixes", id);
}

/** Forgets everything, at signing out. */
export async function wipe(): Promise<void> {
  (await opened)?.close();
  opened = undefined;
  await deleteDB(NAME);
}
