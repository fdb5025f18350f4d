// Says times in the reader's own zone and keeps "3 minutes ago" true. Without it they stay in UTC.

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const units = [
  ["minute", 60, 3600],
  ["hour", 3600, 86400],
  ["day", 86400, 30 * 86400],
];

function ago(date) {
  const seconds = Math.floor((Date.now() - date) / 1000);
  if (seconds < 60) return "just now";
  for (const [unit, length, limit] of units) {
    if (seconds >= limit) continue;
    const count = Math.floor(seconds / length);
    return `${count} ${unit}${count > 1 ? "s" : ""} ago`;
  }
  return day.format(date);
}

const written = { ago, moment: (date) => full.format(date), day: (date) => day.format(date) };

function write(root) {
  for (const element of root.querySelectorAll("time[data-time]")) {
    const date = new Date(element.dateTime);
    const text = written[element.dataset.time](date);
    if (element.textContent !== text) element.textContent = text;
    element.title = full.format(date);
  }
}

write(document);
document.addEventListener("htmx:afterSettle", () => write(document));
setInterval(() => write(document), 30_000);
