// The Studio's workspace: sending by keyboard, drafts kept between the tabs, elapsed times, code.

import { toast } from "./toasts.js";

const maker = document.getElementById("maker");
const form = () => document.getElementById("studio-form");
const submit = document.getElementById("studio-submit");

// --- Sending --------------------------------------------------------------------------------

const REST = 1500; // the same form again within it is the same click
let sent = { at: -REST, what: "" };

const contents = () =>
  JSON.stringify([...new FormData(form())].filter(([name]) => !["form_key", "shown_errors"].includes(name)));

if (/Mac|iPhone|iPad/.test(navigator.platform)) submit.querySelector("kbd").textContent = "⌘ ↵";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.repeat) return;
  if (submit.disabled || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  form().requestSubmit(submit);
});

// What is sent says which price was shown. One that is being asked for is waited for.
const questions = new WeakMap(); // request: its number
let asked = 0;
let answered = 0;
let isWaiting = false;
let isLost = false; // the last one never arrived: what stands there may be an older form's price

function wait(isToWait) {
  isWaiting = isToWait;
  submit.setAttribute("aria-busy", String(isToWait));
}

document.addEventListener("input", ({ target }) => {
  if (target.form === form()) asked += 1;
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target?.id !== "quote") return;
  asked += 1;
  questions.set(detail.xhr, asked);
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (questions.get(detail.xhr) !== asked) return;
  isLost = detail.xhr.status === 0;
  if (!isLost) answered = asked;
  if (isWaiting && !isLost) form().requestSubmit(submit);
  wait(false);
});

const askAgain = () => isLost && form().dispatchEvent(new Event("input"));
window.addEventListener("online", askAgain);

document.addEventListener(
  "submit",
  (event) => {
    if (event.target !== form()) return;
    if (asked !== answered) {
      wait(true);
      askAgain();
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const isUploading = form().querySelector("[data-state=busy]");
    if (isUploading) toast("A file is still on its way. Please wait for it.", "warning", "upload");
    const isSame = performance.now() - sent.at < REST && contents() === sent.what;
    if (!isUploading && !isSame) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

document.addEventListener("studio:sent", (event) => {
  sent = { at: performance.now(), what: contents() };
  const run = document.getElementById(event.detail.run);
  const { top } = run?.getBoundingClientRect() ?? { top: 0 };
  if (top > window.innerHeight - 100 || top < 0) run?.scrollIntoView({ block: "center" });
});

// --- The form -------------------------------------------------------------------------------

const drafts = new Map(); // mode: what was typed there

function keepDraft() {
  const data = new FormData(form());
  drafts.set(data.get("mode"), data);
}

/** Texts that have no place in another mode are back when one comes back. */
function restoreDraft() {
  const draft = drafts.get(form().elements.mode.value);
  for (const element of draft ? form().elements : []) {
    const isText = element.matches("textarea, input[type=text], input[type=url]");
    if (isText && !element.value && draft.get(element.name)) element.value = draft.get(element.name);
  }
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target === maker && form()) keepDraft();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== maker) return;
  const isTab = event.detail.requestConfig.elt.matches(".tabs__tab");
  if (isTab) restoreDraft();
  document.title = form().dataset.title;
  window.history.replaceState(null, "", form().action);
  const first = isTab ? maker.querySelector("[aria-current]") : form().querySelector("textarea");
  first?.focus({ preventScroll: true });
});

document.addEventListener("input", ({ target }) => {
  if (target.dataset.sliderFor) document.getElementById(target.dataset.sliderFor).value = target.value;
  const slider = target.id && document.querySelector(`[data-slider-for="${target.id}"]`);
  if (slider) slider.value = target.value;
});

// --- A session that ends while one types ------------------------------------------------------

const KEPT = "studio:draft"; // for this tab, until the person has logged in again
const NOT_KEPT = ["csrfmiddlewaretoken", "form_key", "shown_errors", "shown_micros"];

document.addEventListener("htmx:beforeOnLoad", ({ detail }) => {
  if (!detail.xhr.getResponseHeader("HX-Redirect")) return;
  const typed = [...new FormData(form())].filter(([name]) => !NOT_KEPT.includes(name));
  window.sessionStorage.setItem(KEPT, JSON.stringify(typed));
});

function bringBack() {
  const kept = new Map(JSON.parse(window.sessionStorage.getItem(KEPT) ?? "[]"));
  const { mode, working_in: workingIn } = form().elements;
  const isMine = kept.get("mode") === mode.value && kept.get("working_in") === workingIn.value;
  window.sessionStorage.removeItem(KEPT);
  if (!isMine) return;
  for (const element of form().elements) {
    if (element.type === "hidden" || !element.name) continue;
    if (["checkbox", "radio"].includes(element.type)) element.checked = kept.get(element.name) === element.value;
    else if (kept.has(element.name)) element.value = kept.get(element.name);
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

window.addEventListener("load", bringBack);

// --- The runs -------------------------------------------------------------------------------

const began = new WeakMap();

function tick() {
  for (const element of document.querySelectorAll("[data-elapsed]")) {
    const known = Number(element.dataset.elapsed) * 1000;
    if (!began.has(element)) began.set(element, performance.now() - known);
    const seconds = Math.floor((performance.now() - began.get(element)) / 1000);
    const text = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    if (element.textContent !== text) element.textContent = text;
  }
}

tick();
setInterval(tick, 500);
document.addEventListener("htmx:afterSettle", tick);

// --- As code --------------------------------------------------------------------------------

document.addEventListener("htmx:beforeRequest", (event) => {
  const { whenOpen } = event.detail.elt.dataset;
  if (whenOpen && !document.getElementById(whenOpen).open) event.preventDefault();
});

for (const button of document.querySelectorAll("[data-copy-shown]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const shown = [...document.querySelectorAll(button.dataset.copyShown)].find((pre) => pre.checkVisibility());
    if (!shown) return;
    await navigator.clipboard.writeText(shown.textContent);
    const words = button.querySelector("span");
    words.textContent = "Copied";
    setTimeout(() => {
      words.textContent = "Copy";
    }, 2000);
  });
}
