// Buttons with data-copy="<id of an input>" copy its value.

function show(root) {
  if (!navigator.clipboard) return; // not on plain http: the text can be selected by hand
  for (const button of root.querySelectorAll("button[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const input = document.getElementById(button.dataset.copy);
  input.select();
  await navigator.clipboard.writeText(input.value);
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
});

show(document);
document.addEventListener("htmx:afterSettle", () => show(document));
