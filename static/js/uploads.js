// Inputs by drop, by picker or by link: a file is sent at once, and its link goes into the field.

const DEBOUNCE = 400;
const sending = new WeakMap(); // field: its request
const url = (field) => field.querySelector(".media__url");
const shown = (field) => field.querySelector(".media__shown");

// --- What stands in the field ---------------------------------------------------------------

function set(field, state) {
  field.dataset.state = state;
  shown(field).hidden = state === "empty";
  field.querySelector(".drop").inert = state !== "empty";
}

function complain(field, text) {
  const place = field.querySelector(".media__error");
  place.textContent = text;
  place.hidden = !text;
}

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function removal(field, label) {
  const button = element("button", { type: "button", className: "button button--small", textContent: label });
  button.addEventListener("click", () => {
    sending.get(field)?.abort();
    fill(field, "");
    field.querySelector(".drop__file").focus();
  });
  return button;
}

function fill(field, value) {
  const input = url(field);
  complain(field, "");
  if (value !== input.value) {
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  show(field);
}

function isShowable(text) {
  // What the page's policy lets through: our own links, those with TLS, and the sandbox's samples.
  if (!URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return protocol === "https:" || origin === window.location.origin || isSample(text);
}

const isSample = (text) =>
  [...document.querySelectorAll("[data-value]")].some((link) => link.dataset.value === text);

function fileName(link) {
  const last = new URL(link).pathname.split("/").pop();
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a percent sign of its own
  }
}

/** The picture or the sound that the link leads to. */
function show(field, name = "", facts = "") {
  const link = url(field).value.trim();
  field.dataset.link = link;
  if (!isShowable(link)) {
    set(field, "empty");
    return;
  }
  const isImage = field.dataset.media === "image";
  const title = element("strong", { textContent: name || fileName(link) });
  const details = element("span", { className: "media__facts", textContent: facts || "\u00a0" });
  const failed = () => {
    details.textContent = "No preview of this link.";
    preview.hidden = true;
  };
  const preview = isImage
    ? element("img", { alt: "", width: 88, height: 88, referrerPolicy: "no-referrer", decoding: "async" })
    : element("audio", { controls: true, preload: "metadata" });
  preview.addEventListener("error", failed);
  const measured = () => {
    preview.dataset.ready = ""; // before, a player's controls would move about
    if (facts) return;
    details.textContent = isImage ? `${preview.naturalWidth} × ${preview.naturalHeight}` : `${preview.duration.toFixed(1)} s`;
  };
  preview.addEventListener(isImage ? "load" : "loadedmetadata", measured);
  const words = element("div", { className: "media__words" }, title, details);
  shown(field).replaceChildren(preview, words, removal(field, "Remove"));
  set(field, "filled");
  preview.src = link;
}

// --- Sending a file -------------------------------------------------------------------------

function send(field, file) {
  sending.get(field)?.abort();
  complain(field, "");
  if (file.size > Number(field.dataset.maxBytes)) {
    complain(field, `The file is larger than ${field.dataset.maxSize}.`);
    return;
  }
  const bar = element("progress", { max: 1, value: 0, ariaLabel: `Sending ${file.name}` });
  const words = element("div", { className: "media__words" }, element("strong", { textContent: file.name }), bar);
  shown(field).replaceChildren(words, removal(field, "Cancel"));
  set(field, "busy");

  const body = new FormData();
  body.append("file", file);
  const request = new XMLHttpRequest();
  sending.set(field, request);
  request.open("POST", field.dataset.upload);
  request.responseType = "json";
  request.setRequestHeader("X-CSRFToken", field.closest("form").elements.csrfmiddlewaretoken.value);
  request.upload.addEventListener("progress", (event) => {
    bar.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => {
    const answer = request.response;
    if (request.status === 200 && answer?.url) {
      url(field).value = answer.url;
      show(field, answer.filename, answer.facts);
      url(field).dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      refuse(field, answer?.error ?? "The file was not taken. Please reload the page and try again.");
    }
  });
  request.addEventListener("error", () => refuse(field, "No connection. Please try again."));
  request.send(body);
}

function refuse(field, text) {
  show(field); // what stood there before
  complain(field, text);
}

// --- Where files come from ------------------------------------------------------------------

function prepare(root) {
  for (const field of root.querySelectorAll("[data-media]:not([data-state])")) {
    // With this script the form itself carries links only.
    field.querySelector(".drop__file").removeAttribute("name");
    show(field);
  }
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".drop__file")) return;
  if (target.files.length) send(target.closest("[data-media]"), target.files[0]);
  target.value = "";
});

let typing;
document.addEventListener("input", ({ target, isTrusted }) => {
  const field = target.matches(".media__url") && target.closest("[data-media]");
  if (!field || field.dataset.link === target.value.trim()) return;
  clearTimeout(typing);
  typing = setTimeout(() => fill(field, target.value), isTrusted ? DEBOUNCE : 0);
});

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
const fieldAt = (event) => event.target.closest?.("[data-media]");

/** The field that a file was dropped on, or else the one for its kind. */
function fieldFor(event, file) {
  const [kind] = file.type.split("/");
  const field = fieldAt(event) ?? document.querySelector(`[data-media="${kind}"]`);
  return field?.closest("fieldset:disabled") ? null : field;
}

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault(); // else the browser would open the file in the page's place
  for (const field of document.querySelectorAll("[data-media]")) {
    field.toggleAttribute("data-over", field === fieldAt(event));
  }
});

for (const type of ["dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    if (type === "dragleave" && event.relatedTarget) return;
    for (const field of document.querySelectorAll("[data-over]")) field.removeAttribute("data-over");
  });
}

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  for (const file of event.dataTransfer.files) {
    const field = fieldFor(event, file);
    if (field) send(field, file);
  }
});

document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData?.files ?? [];
  const field = file && fieldFor(event, file);
  if (!field) return;
  event.preventDefault();
  send(field, file);
});

prepare(document);
document.addEventListener("htmx:afterSwap", () => prepare(document));
