/* Names for what unfold's and Django's scripts make without one: select2's boxes, the help marks of
   the group boxes, and the head of a column that holds only a mark for deletion. */

/** Names a select2 box as its field is named, with what is chosen in it. */
function nameBox(select) {
  const box = select.nextElementSibling?.querySelector(".select2-selection");
  const chosen = box?.querySelector(".select2-selection__rendered");
  if (!box || !chosen) return;
  const label = select.labels[0];
  if (label) {
    label.id ||= `${select.id}_label`;
    box.setAttribute("aria-labelledby", `${label.id} ${chosen.id}`);
    chosen.setAttribute("aria-labelledby", label.id);
  } else if (select.ariaLabel) {
    box.removeAttribute("aria-labelledby");
    box.setAttribute("aria-label", select.ariaLabel);
    chosen.setAttribute("aria-label", select.ariaLabel);
  }
}

function nameAll() {
  document.querySelectorAll("select.select2-hidden-accessible").forEach(nameBox);
  document.querySelectorAll(".help-tooltip[aria-label]").forEach((mark) => mark.setAttribute("role", "img"));
  document.querySelectorAll("th").forEach((head) => {
    if (head.textContent.trim() || head.querySelector("input, img, [aria-label]")) return;
    const unseen = document.createElement("span");
    unseen.className = "sr-only";
    unseen.textContent = "Act";
    head.style.position = "relative"; // or it would be drawn outside of a table that scrolls
    head.append(unseen);
  });
}

addEventListener("load", () => setTimeout(nameAll)); // after theirs
document.addEventListener("formset:added", () => setTimeout(nameAll));
