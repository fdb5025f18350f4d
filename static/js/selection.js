// Selecting cards: a range with Shift, all that are shown, none with Escape. Without it the boxes and
// the two buttons are a form.

import { toast } from "./toasts.js";

const AT_MOST = 100;
const picked = new Set();
let last = null;

const boxes = () => [...document.querySelectorAll("#cards input[name=pick]")];

function show() {
  for (const button of document.querySelectorAll("#selection [data-select][hidden]")) button.hidden = false;
  const count = document.getElementById("selection-count");
  const text = `${picked.size} selected`;
  if (count && count.textContent !== text) count.textContent = text;
}

function pick(box, checked) {
  if (checked && !picked.has(box.value) && picked.size >= AT_MOST) {
    box.checked = false;
    return false;
  }
  box.checked = checked;
  if (checked) picked.add(box.value);
  else picked.delete(box.value);
  return true;
}

function pickAll(some, checked) {
  const all = some.every((box) => pick(box, checked));
  if (!all) toast(`At most ${AT_MOST} can be selected at once.`, "info", "selection");
  show();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest("input[name=pick]");
  if (!box) return;
  const all = boxes();
  const from = last ? all.findIndex((one) => one.value === last) : -1;
  const to = all.indexOf(box);
  const range = event.shiftKey && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
  last = box.value;
  pickAll(range, box.checked);
});

function clear() {
  pickAll(boxes(), false);
  picked.clear();
  last = null;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-select]");
  if (!button) return;
  if (button.dataset.select === "all") pickAll(boxes(), true);
  if (button.dataset.select === "none") clear();
  if (button.dataset.select === "delete") ask(event);
});

// The question opens as those behind links do.
function ask(event) {
  const form = document.getElementById("selection");
  const query = new URLSearchParams({
    pick: [...picked].map((id) => id.replaceAll("-", "")).join(","),
    back: form.elements.back.value,
  });
  const link = document.createElement("a");
  link.href = `${event.target.closest("button").formAction}?${query}`;
  link.dataset.dialog = "";
  link.hidden = true;
  form.append(link);
  event.preventDefault();
  link.click();
  link.remove();
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "selection") return;
  event.target.elements.back.value = window.location.search.slice(1);
  toast("The download begins in a moment.", "info", "selection");
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !picked.size || document.querySelector("dialog[open], :popover-open")) return;
  clear();
});

// What was swapped in is selected if it was before; other results begin anew.
document.addEventListener("htmx:afterSettle", () => {
  const all = boxes();
  const there = new Set(all.map((box) => box.value));
  for (const id of picked) if (!there.has(id)) picked.delete(id);
  for (const box of all) if (picked.has(box.value)) box.checked = true;
  show();
});

// A browser that comes back may have kept the boxes.
for (const box of boxes()) if (box.checked) picked.add(box.value);
show();
