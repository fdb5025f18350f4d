// Sample clips play while they are in sight, unless less motion or less data is wanted.

const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches || navigator.connection?.saveData;

if (!still) {
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) target.play().catch(() => {}); // a browser that will not shows the poster
        else target.pause();
      }
    },
    { threshold: 0.4 },
  );
  for (const clip of document.querySelectorAll("video[data-clip]")) watcher.observe(clip);
} else {
  for (const clip of document.querySelectorAll("video[data-clip]")) clip.controls = true;
}
