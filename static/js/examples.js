// Links with data-fill fill a field without losing what was typed elsewhere.

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-fill]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const input = document.getElementById(link.dataset.fill);
  if (!input || input.matches(":disabled")) return;
  event.preventDefault();
  input.value = link.dataset.value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
});
