// A card under the pointer, or with the focus, plays its preview: one at a time, and none for those
// who want less motion or less data.

const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const DELAY = 120;

let tile = null;
let video = null;
let timer = 0;

function stop() {
  clearTimeout(timer);
  video?.remove();
  tile = video = null;
}

function begin(next) {
  if (next === tile) return;
  stop();
  const poster = next?.querySelector("[data-preview]");
  if (!poster || still.matches || navigator.connection?.saveData) return;
  tile = next;
  timer = setTimeout(() => {
    video = document.createElement("video");
    video.muted = true;
    video.loop = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    video.tabIndex = -1;
    video.ariaHidden = "true";
    video.src = poster.dataset.preview;
    const own = video;
    video.addEventListener("playing", () => own.classList.add("is-playing"), { once: true });
    poster.querySelector("img")?.after(video);
    video.play().catch(() => own.remove()); // it was taken away, or cannot be played
  }, DELAY);
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const over = event.target.closest(".tile");
  if (over || tile?.contains(event.target) === false) begin(over);
});
document.documentElement.addEventListener("pointerleave", stop);
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".tile a")) begin(event.target.closest(".tile"));
});
document.addEventListener("focusout", (event) => {
  if (event.target.matches(".tile a")) stop();
});
