// The usage page: days are those of the reader's zone, and a bar says its figures when pointed at.

// An address that names no zone means the reader's own. It is kept, so that this happens once.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const address = new URL(window.location.href);
const cookie = `zone=${encodeURIComponent(zone)}`;
if (zone && !document.cookie.split("; ").includes(cookie)) {
  document.cookie = `${cookie}; path=/; max-age=31536000; samesite=lax`;
  const isKept = document.cookie.split("; ").includes(cookie);
  if (isKept && !address.searchParams.has("zone")) window.location.replace(address);
}

for (const plot of document.querySelectorAll("svg[data-chart]")) {
  const chart = plot.closest(".chart");
  const tip = document.createElement("div");
  tip.className = "chart__tip";
  tip.hidden = true;
  chart.append(tip);
  for (const bar of plot.querySelectorAll(".chart__bar")) {
    const title = bar.querySelector("title");
    const text = title.textContent;
    title.remove(); // or the browser would say it a second time
    bar.addEventListener("pointerenter", () => show(bar, text));
  }
  plot.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });

  function show(bar, text) {
    tip.textContent = text;
    tip.hidden = false;
    const band = bar.querySelector(".chart__band").getBoundingClientRect();
    const frame = chart.getBoundingClientRect();
    const left = band.left - frame.left + band.width / 2 - tip.offsetWidth / 2;
    const most = frame.width - tip.offsetWidth;
    tip.style.translate = `${Math.max(0, Math.min(left, most))}px -0.5rem`;
  }
}
