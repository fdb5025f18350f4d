// Toasts: what was done, said in passing. Answers ask for one with the event "toast" in HX-Trigger.

const box = document.getElementById("toasts");
const LASTS = 6_000;

export function toast(text, level = "info", key = "") {
  if (key) box.querySelector(`[data-key="${key}"]`)?.remove();
  const element = document.createElement("div");
  element.className = `toast toast--${level}`;
  element.dataset.key = key;
  const words = document.createElement("span");
  words.className = "toast__text";
  words.textContent = text;
  const close = document.createElement("button");
  close.className = "icon-button";
  close.type = "button";
  close.ariaLabel = "Dismiss";
  close.textContent = "×";
  close.addEventListener("click", () => element.remove());
  element.append(words, close);
  box.append(element);
  if (level === "error") return; // stays until it is read
  let timer = setTimeout(() => element.remove(), LASTS);
  element.addEventListener("pointerenter", () => clearTimeout(timer));
  element.addEventListener("pointerleave", () => {
    timer = setTimeout(() => element.remove(), LASTS / 2);
  });
}

export function dismiss(key) {
  box.querySelector(`[data-key="${key}"]`)?.remove();
}

document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
