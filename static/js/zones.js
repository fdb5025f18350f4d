// Fills in the reader's time zone where a form asks for days. Without it they are days in UTC.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const field = document.querySelector("input[type=hidden][name=zone]");

// Days that are filled in already belong to the zone in the page's address.
const hasDays = [...document.querySelectorAll("input[type=date]")].some((input) => input.value);
if (zone && field && !field.value && !hasDays) {
  field.value = zone;
  for (const name of document.querySelectorAll("[data-zone]")) name.textContent = zone;
}
