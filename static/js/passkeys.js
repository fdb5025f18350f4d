// Forms with data-passkey ("create" or "get") ask the browser for a passkey when they are sent, and
// carry its answer in their field `credential`. What is asked comes from the JSON script that
// data-passkey-options names, or from the form's own address. Buttons with data-passkey-button show
// where that can work: browsers want a host name, which an address in numbers is none.

const supported = "PublicKeyCredential" in window && navigator.credentials;
const isNumber = /^[\d.]+$|:/.test(window.location.hostname);
const isLoopback = ["127.0.0.1", "[::1]"].includes(window.location.hostname);

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function read({ publicKey }) {
  const listed = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  const options = { ...publicKey, challenge: bytes(publicKey.challenge) };
  if (publicKey.user) options.user = { ...publicKey.user, id: bytes(publicKey.user.id) };
  if (publicKey.excludeCredentials) options.excludeCredentials = listed(publicKey.excludeCredentials);
  if (publicKey.allowCredentials) options.allowCredentials = listed(publicKey.allowCredentials);
  return options;
}

function written(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const answer = {};
  for (const part of parts) if (response[part]) answer[part] = text(response[part]);
  if (response.getTransports) answer.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: answer,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function asked(form) {
  const script = document.getElementById(form.dataset.passkeyOptions);
  if (script) return JSON.parse(script.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status === 429 ? "slow" : "unreachable");
  return answer.json();
}

async function credentialOf(form) {
  const data = await asked(form);
  if (form.dataset.passkey === "get") {
    return navigator.credentials.get({ publicKey: read(data.request_options) });
  }
  const publicKey = read(data.creation_options);
  // A passkey is found without a name, and proves that its owner is there.
  publicKey.authenticatorSelection = {
    ...publicKey.authenticatorSelection,
    residentKey: "required",
    requireResidentKey: true,
    userVerification: "required",
  };
  return navigator.credentials.create({ publicKey });
}

const TROUBLE = {
  NotAllowedError: "No passkey was used. Try again when you are ready.",
  InvalidStateError: "This device has a passkey for your account already.",
  slow: "Too many attempts. Please wait a minute.",
};

async function send(form) {
  const trouble = form.querySelector("[data-passkey-trouble]");
  trouble.hidden = true;
  try {
    form.elements.credential.value = written(await credentialOf(form));
  } catch (error) {
    trouble.textContent =
      TROUBLE[error.name] ?? TROUBLE[error.message] ?? "That did not work. Please try again.";
    trouble.hidden = false;
    return;
  }
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const show = (what) => {
    for (const element of form.querySelectorAll(`[data-passkey-${what}]`)) {
      element.hidden = false;
      element.classList.remove("awaits-script");
    }
  };
  if (!supported) {
    if (form.dataset.passkey === "create") show("unsupported");
  } else if (isNumber) {
    const link = new URL(window.location.href);
    link.hostname = "localhost";
    if (isLoopback) form.querySelector("[data-passkey-host-link]").href = link.href;
    if (isLoopback) show("host");
  } else {
    show("button");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
  for (const element of form.querySelectorAll(".awaits-script")) element.hidden = true;
}
