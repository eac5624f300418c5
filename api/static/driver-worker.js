// Keeps the driver's page itself for gaps in coverage: its document, scripts, style and fonts. Nothing that the service answers
// about people, cases or vehicles is ever kept here; the page keeps its present job by itself and drops it when it ends.
const KEPT = "siaga-driver-3";
const PAGE = "/driver";
const BESIDE = [PAGE, "/icon.svg", "/driver.webmanifest"];
const PATIENCE_MS = 4_000; // a network that says nothing for so long is taken for none

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(BESIDE)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  // What the page is made of now: what it had loaded before this worker was there is fetched, what an earlier release left is dropped.
  if (Array.isArray(event.data)) event.waitUntil(keepOnly(event.data));
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (address.pathname.startsWith("/assets/")) event.respondWith(keptFirst(event.request));
  else if (BESIDE.includes(address.pathname)) event.respondWith(freshFirst(event.request, address.pathname));
});

async function keepOnly(names) {
  const kept = await caches.open(KEPT);
  const there = new Set();
  for (const request of await kept.keys()) {
    const name = new URL(request.url).pathname;
    if (name.startsWith("/assets/") && !names.includes(name)) await kept.delete(request);
    else there.add(name);
  }
  await Promise.all(names.filter((name) => !there.has(name)).map((name) => kept.add(name).catch(() => undefined)));
}

// Their names change with what is in them: what is kept is right.
async function keptFirst(request) {
  const kept = await caches.open(KEPT);
  const found = await kept.match(request);
  if (found) return found;
  const fresh = await fetch(request);
  if (fresh.ok) await kept.put(request, fresh.clone());
  return fresh;
}

async function freshFirst(request, name) {
  const kept = await caches.open(KEPT);
  const found = await kept.match(name);
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok) await kept.put(name, answer.clone());
    return answer;
  });
  if (!found) return fresh;
  fresh.catch(() => undefined); // it may still fail after the kept one was given
  const late = new Promise((give) => setTimeout(give, PATIENCE_MS));
  const answer = await Promise.race([fresh.catch(() => undefined), late]);
  return answer !== undefined && answer.ok ? answer : found;
}
