// A new key's dialog takes the page over; without JavaScript it stands in it.

for (const dialog of document.querySelectorAll("dialog[data-modal][open]")) {
  dialog.close();
  dialog.showModal();
  dialog.querySelector("input")?.select();
}
