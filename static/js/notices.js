// Opening what a notification leads to marks it as read. Without this, the button beside it does.
const list = document.querySelector("[data-read]");
list?.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-key]");
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  if (!link || !token) return;
  const body = new FormData();
  body.append("csrfmiddlewaretoken", token);
  body.append("key", link.dataset.key);
  navigator.sendBeacon(list.dataset.read, body);
});
