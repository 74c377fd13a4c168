// Opening what a notification leads to marks it as read. Without this, the button beside it does.
document.querySelector("[data-read]")?.addEventListener("click", (event) => {
  const form = event.target.closest("a[data-key]")?.closest("li").querySelector("form");
  if (form) navigator.sendBeacon(form.action, new FormData(form));
});
