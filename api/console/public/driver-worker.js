// Keeps the driver's page itself for gaps in coverage: its document, scripts, style and fonts. Nothing that the service answers
// about people, cases or vehicles is ever kept here; the page keeps its present job by itself and drops it when it ends.
const KEPT = "siaga-driver-2";
const PAGE = "/driver";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll([PAGE, "/icon.svg", "/driver.webmanifest"])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  // What the page had loaded before this worker was there.
  if (Array.isArray(event.data)) event.waitUntil(caches.open(KEPT).then((kept) => Promise.all(event.data.map((name) => kept.add(name).catch(() => undefined)))));
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (address.pathname.startsWith("/assets/")) event.respondWith(keptFirst(event.request));
  else if (address.pathname === PAGE || address.pathname === "/icon.svg" || address.pathname === "/driver.webmanifest") event.respondWith(freshFirst(event.request));
});

// Their names change with what is in them: what is kept is right.
async function keptFirst(request) {
  const kept = await caches.open(KEPT);
  const found = await kept.match(request);
  if (found) return found;
  const fresh = await fetch(request);
  if (fresh.ok) await kept.put(request, fresh.clone());
  return fresh;
}

async function freshFirst(request) {
  const kept = await caches.open(KEPT);
  const name = new URL(request.url).pathname;
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await kept.put(name, fresh.clone());
    return fresh;
  } catch (error) {
    const found = await kept.match(name);
    if (found) return found;
    throw error;
  }
}
