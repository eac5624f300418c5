/** The page itself is kept for gaps in coverage, with what it had loaded before there was anybody to keep it, and its other language. */
export async function keepPage(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const kept = await navigator.serviceWorker.register("/driver-worker.js", { scope: "/driver" });
  await navigator.serviceWorker.ready;
  await Promise.all([import("virtual:words/driver/id"), import("virtual:words/driver/en")]);
  const files = performance.getEntriesByType("resource").map((one) => new URL(one.name)).filter((one) => one.origin === location.origin && one.pathname.startsWith("/assets/"));
  kept.active?.postMessage([...new Set(files.map((one) => one.pathname))]);
}
