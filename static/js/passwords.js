// Buttons with data-reveal="<id of a password field>" show what is typed there.

for (const button of document.querySelectorAll("button[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  const word = button.firstChild;
  button.hidden = false;

  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    word.data = shown ? "Hide" : "Show";
  };
  button.addEventListener("click", () => {
    show(input.type === "password");
    input.focus();
  });
  // Sent as a password: browsers offer to keep it only then.
  input.form.addEventListener("submit", () => show(false));
}
