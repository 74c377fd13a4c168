// Lets this browser show notifications, or shows which of the listed devices it is. Without it, or
// in a browser that cannot, the list can be read and devices removed.
const box = document.querySelector("[data-push-key]");
const button = box?.querySelector("[data-push-on]");
const said = box?.querySelector("[data-push-said]");

function say(what, words) {
  said.textContent = words || box.querySelector(`[data-push-${what}]`).textContent;
}

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function same(buffer, key) {
  const one = new Uint8Array(buffer || 0);
  return one.length === key.length && one.every((byte, place) => byte === key[place]);
}

async function fingerprint(text) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The worker, once it can take messages. */
async function worker() {
  const found = await navigator.serviceWorker.register(box.dataset.pushWorker, { scope: "/push/" });
  const young = found.installing || found.waiting;
  if (!found.active && young) {
    await new Promise((ready) => {
      young.addEventListener("statechange", () => young.state === "activated" && ready());
    });
  }
  return found;
}

/** What this browser has let the portal do already, under the key of today. */
async function present(key) {
  const found = await navigator.serviceWorker.getRegistration("/push/");
  const there = await found?.pushManager.getSubscription();
  if (there && !same(there.options.applicationServerKey, key)) {
    await there.unsubscribe();
    return null;
  }
  return there;
}

async function turnOn() {
  button.disabled = true;
  try {
    if ((await Notification.requestPermission()) !== "granted") return say("denied");
    const key = bytes(box.dataset.pushKey);
    const there = await (await worker()).pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: key,
    });
    const { endpoint, keys } = there.toJSON();
    const form = new FormData(button.form);
    Object.entries({ endpoint, ...keys }).forEach(([name, value]) => form.set(name, value));
    const answer = await fetch(button.form.action, { method: "POST", body: form });
    if (answer.status === 201) return location.reload();
    await there.unsubscribe();
    const told = await answer.json().catch(() => ({}));
    say("failed", told.refusal);
  } catch {
    say("failed");
  } finally {
    button.disabled = false;
  }
}

async function begin() {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return say("cannot");
  }
  const there = await present(bytes(box.dataset.pushKey));
  const mark = there && (await fingerprint(there.endpoint));
  const row = mark && box.querySelector(`[data-device="${mark}"]`);
  if (row) {
    row.querySelector("[data-push-here]").hidden = false;
    // Removed here, the browser forgets it, too; if that fails, the portal sends nothing all the same.
    row.querySelector("form").addEventListener("submit", () => there.unsubscribe().catch(() => {}));
    return;
  }
  if (Notification.permission === "denied") say("denied");
  button.form.hidden = false;
  button.form.addEventListener("submit", (event) => {
    event.preventDefault();
    turnOn();
  });
}

if (box) begin().catch(() => say("failed"));
