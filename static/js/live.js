// Around htmx: pollers rest while nobody looks, and a request that fails says so.

import { dismiss, toast } from "./toasts.js";

const isPoller = (element) => element?.hasAttribute?.("data-poller");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && isPoller(event.detail.elt)) event.preventDefault();
});

const WORDS = {
  403: "You may not do this, or this page was open for too long. Please reload it.",
  404: "This is gone. Please reload the page.",
  409: "Nothing was done: you work in another organization now. Please reload this page.",
};

const say = (text) => toast(text, "error", "trouble");

function isQuiet(event) {
  return isPoller(event.detail.elt) || event.detail.elt?.id === "quote" || event.detail.elt?.hasAttribute?.("data-quiet");
}

document.addEventListener("htmx:sendError", (event) => {
  say(isQuiet(event) ? "No connection. Trying again…" : "No connection. Please try again.");
});

document.addEventListener("htmx:responseError", (event) => {
  if (isQuiet(event)) return;
  const { status } = event.detail.xhr;
  say(WORDS[status] ?? "Something went wrong. Please try again.");
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful) dismiss("trouble");
});
