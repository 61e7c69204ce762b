// The service worker of a page without a server: after the first visit it works without a network, and networks may run in
// several threads, which browsers allow to pages that say that they share nothing with others.
//
// What app/site puts before this text: self.SITE = {version, files, networks}, paths from the folder. The networks are kept by
// worker.js when it loads them; what is named by its content is never asked for again.

const {version, files, networks} = self.SITE,
  PAGE = `page-${version}`;
const ALONE = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

self.addEventListener("install", event => {
  event.waitUntil(
    caches
      .open(PAGE)
      .then(kept => kept.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", event => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("page-") && name !== PAGE) await caches.delete(name);
      const kept = await caches.open("networks"),
        wanted = new Set(networks.map(path => new URL(path, self.registration.scope).href));
      for (const one of await kept.keys()) if (!wanted.has(one.url)) await kept.delete(one);
      await self.clients.claim();
    })(),
  );
});

const alone = answer => {
  if (!answer || answer.status === 0 || answer.type === "opaqueredirect") return answer;
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(ALONE)) headers.set(name, value);
  return new Response(answer.body, {status: answer.status, statusText: answer.statusText, headers});
};

self.addEventListener("fetch", event => {
  const {request} = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(
    (async () => {
      const kept = () => caches.match(request, {ignoreSearch: true});
      // the page itself may be a newer one; what it names by content may not
      if (request.mode === "navigate") return alone(await fetch(request).catch(async () => (await kept()) ?? Response.error()));
      return alone((await kept()) ?? (await fetch(request)));
    })(),
  );
});
