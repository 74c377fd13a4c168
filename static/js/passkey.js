// Passkeys: lets a form with data-passkey="get" or "create" fill its hidden field "credential".
// Such forms are hidden until this module has found that the browser can do it.

const bytes = (text) => {
  const plain = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(plain), (char) => char.charCodeAt(0));
};

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const keys = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

const forCreate = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  user: { ...options.user, id: bytes(options.user.id) },
  excludeCredentials: keys(options.excludeCredentials),
});

const forGet = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  allowCredentials: keys(options.allowCredentials),
});

const asJson = (credential) => {
  const response = {};
  for (const name of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

const optionsOf = async (form) => {
  if (form.dataset.options) {
    return JSON.parse(document.getElementById(form.dataset.options).textContent).publicKey;
  }
  const answer = await fetch(form.dataset.optionsUrl, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options.publicKey;
};

// A key that signs in alone must be found on the device and must check who holds it.
const alone = (options, form) => {
  const wanted = form.elements.passwordless?.checked;
  return {
    ...options,
    authenticatorSelection: {
      ...options.authenticatorSelection,
      residentKey: wanted ? "required" : "discouraged",
      requireResidentKey: Boolean(wanted),
      userVerification: wanted ? "required" : "preferred",
    },
  };
};

const ask = async (form) => {
  const options = await optionsOf(form);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: forCreate(alone(options, form)) })
    : navigator.credentials.get({ publicKey: forGet(options) });
};

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const refused = form.querySelector("[data-refused]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      refused.hidden = true;
      try {
        form.elements.credential.value = asJson(await ask(form));
        form.submit();
      } catch {
        refused.hidden = false;
      }
    });
  }
}
