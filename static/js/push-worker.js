// Shows what the portal sends to this browser, and opens the portal when it is touched. It keeps
// nothing and answers no page.
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data?.json() ?? {};
  } catch {} // whatever it is: a browser insists on showing something
  event.waitUntil(
    self.registration.showNotification(said.title || "•", {
      body: said.body || "",
      tag: said.tag || "",
      lang: said.lang || "",
      dir: said.dir || "auto",
      data: { url: said.url || "/notifications/" },
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url || "/notifications/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((windows) => {
      const open = windows.find((one) => one.url === url.href);
      return open ? open.focus() : self.clients.openWindow(url.href);
    }),
  );
});
