// Links with data-dialog open the sheet of the page that they lead to in a dialog. Without
// JavaScript, or when that page cannot be had, they are links.

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  link.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const sheet = page.querySelector("main .sheet");
    if (!answer.ok || answer.redirected || !sheet) throw new Error(`no sheet at ${link.href}`);
    open(sheet, link);
  } catch {
    window.location.assign(link.href);
  } finally {
    link.removeAttribute("aria-busy");
  }
});

function open(sheet, link) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const heading = sheet.querySelector("h1");
  if (heading) {
    heading.id ||= "dialog-heading";
    dialog.setAttribute("aria-labelledby", heading.id);
  }
  for (const form of sheet.querySelectorAll("form:not([action])")) form.action = link.href;
  dialog.append(document.adoptNode(sheet));
  // The link that leads back to where one is closes the dialog instead.
  dialog.addEventListener("click", (event) => {
    const back = event.target.closest("a");
    const leavesToHere = back && back.pathname === window.location.pathname && !back.hash;
    if (event.target === dialog || leavesToHere) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  window.htmx?.process(dialog);
  dialog.showModal();
}
