// Notes that somebody has read this page of a discussion once its end comes into view, and stays
// there a moment. Without scripts a button says the same.

const form = document.querySelector("form[data-read]");
const end = document.getElementById("last");

async function note() {
  const answer = await fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { Accept: "application/json" },
    redirect: "manual",
  }).catch(() => null);
  if (answer?.ok) form.hidden = true;
}

if (form && end) {
  let timer;
  const watch = new IntersectionObserver(([entry]) => {
    clearTimeout(timer);
    if (!entry.isIntersecting) return;
    timer = setTimeout(() => {
      watch.disconnect();
      note();
    }, 800);
  });
  watch.observe(end);
}
