// The gallery's address says what is shown: the filters, and the page that one has scrolled to.
// Without this the filters are a form and the pages are links.

const pages = new Map(); // the first card of each page that was added, and the page's address

const results = () => document.getElementById("results");
const here = () => window.location.pathname + window.location.search;

// --- Filters ---------------------------------------------------------------------------------

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.id !== "filters") return;
  const days = ["from", "to"].some((name) => event.detail.parameters.get(name));
  for (const [name, value] of [...event.detail.parameters]) {
    if (!value || (name === "zone" && !days)) event.detail.parameters.delete(name);
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "cards") return added(event.detail);
  if (!["results", "gallery"].includes(event.detail.target.id)) return;
  pages.clear();
  const shown = results();
  sayDays(shown.dataset.days);
  sayCount(Number(shown.dataset.filters));
  if (event.detail.requestConfig.triggeringEvent?.type === "popstate") return;
  const url = shown.dataset.url;
  if (!url || url === here()) return;
  // While one types, the address follows along; one step back leads to what was before.
  const typing = event.detail.requestConfig.triggeringEvent?.type === "input";
  if (typing && window.history.state?.typing) window.history.replaceState({ typing }, "", url);
  else window.history.pushState({ typing }, "", url);
});

function sayDays(text) {
  const days = document.getElementById("days");
  if (days && text !== undefined) days.textContent = text || "Any time";
}

function sayCount(count) {
  const button = document.querySelector(".filter-bar__more");
  if (!button) return;
  button.querySelector(".filter-bar__count")?.remove();
  if (!count) return;
  const badge = document.createElement("span");
  badge.className = "filter-bar__count";
  badge.textContent = count;
  button.append(badge);
}

window.addEventListener("popstate", (event) => {
  window.htmx.ajax("GET", here(), { target: "#gallery", swap: "outerHTML", event }).then(settle);
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id !== "gallery") return;
  const zone = document.querySelector("#filters [name=zone]");
  if (zone && !zone.value) {
    zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const name of document.querySelectorAll("[data-zone]")) name.textContent = zone.value;
  }
});

// --- Pages -----------------------------------------------------------------------------------

let known = 0;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "cards") known = event.detail.target.children.length;
});

function added(detail) {
  const first = document.getElementById("cards").children[known];
  if (first) pages.set(first.id, detail.pathInfo.requestPath);
}

function topCard() {
  for (const card of document.querySelectorAll("#cards > li")) {
    if (card.getBoundingClientRect().bottom > 0) return card;
  }
  return null;
}

let waiting = 0;

document.addEventListener(
  "scroll",
  () => {
    clearTimeout(waiting);
    waiting = setTimeout(remember, 200);
  },
  { passive: true },
);

function remember() {
  const card = topCard();
  if (!card) return;
  let url = results().dataset.url;
  for (const [id, address] of pages) {
    const first = document.getElementById(id);
    if (first && !(card.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING)) url = address;
  }
  const place = { card: card.id, top: card.getBoundingClientRect().top };
  const atTop = window.scrollY < 10;
  window.history.replaceState({ ...window.history.state, place: atTop ? null : place }, "", url);
}

// Coming back, the card that was on top is there again.
function settle() {
  const place = window.history.state?.place;
  const card = place && document.getElementById(place.card);
  if (card) window.scrollBy({ top: card.getBoundingClientRect().top - place.top, behavior: "instant" });
}

window.addEventListener("pagehide", remember);
if (results()) {
  window.history.scrollRestoration = "manual";
  settle();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button) document.getElementById(button.dataset.dismiss).remove();
});
for (const button of document.querySelectorAll("[data-dismiss]")) button.hidden = false;
