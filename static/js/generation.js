// One generation: arrows lead on through the gallery, Escape back to it; texts can be copied.

const BUSY = "input, textarea, select, video, audio, [contenteditable], dialog, :popover-open, [role=slider]";

function isBusy(event) {
  return (
    event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey ||
    event.target.closest?.(BUSY) || document.querySelector("dialog[open], :popover-open, details[data-menu][open]")
  );
}

document.addEventListener("keydown", (event) => {
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (isBusy(event)) return;
  const link = rel ? document.querySelector(`a[rel=${rel}]`) : event.key === "Escape" ? document.querySelector(".way__back") : null;
  if (!link) return;
  event.preventDefault();
  link.click();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest(".way a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  if (link.rel) {
    // Leafing through leaves no trail: one step back is the gallery, where one was.
    event.preventDefault();
    window.location.replace(link.href);
  } else if (cameFromGallery(link)) {
    event.preventDefault();
    window.history.back();
  }
});

function cameFromGallery(link) {
  const entries = window.navigation?.entries?.();
  const before = entries?.[window.navigation.currentEntry.index - 1];
  return before?.url && new URL(before.url).pathname === link.pathname;
}

// --- Copying ---------------------------------------------------------------------------------

function offer() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy-from]")) button.classList.remove("awaits-script");
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-from]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copyFrom).textContent);
  const label = button.querySelector("span");
  const before = label.textContent;
  label.textContent = "Copied";
  setTimeout(() => {
    label.textContent = before;
  }, 2000);
});

offer();
document.addEventListener("htmx:afterSettle", offer);
