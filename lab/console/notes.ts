/** What is noted inside the page. Text, because it runs in the browser: the types of this checkout know no document. */

/** Runs before every page: violations of the policy become errors, and shifts of the layout are added up. */
export const noteEverything = `
  addEventListener("securitypolicyviolation", (event) => {
    console.error("policy violated: " + event.violatedDirective + " by " + (event.blockedURI || event.sourceFile));
  });
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
`;

/** One cell of the picture of a rollout, as it was first seen to say a word. */
export interface Sighting {
  target: string;
  text: string;
  atMs: number;
}

/** Notes from now on when each cell of the picture first said what; in `window.sightings`. */
export const watchCells = `
  window.sightings = [];
  const seen = new Set();
  const look = () => {
    for (const cell of document.querySelectorAll('ol[aria-label="Waves"] a[href*="target="]')) {
      const target = new URL(cell.href).searchParams.get("target");
      const text = cell.innerText.replace(/\\s+/g, " ").trim();
      if (seen.has(target + text)) continue;
      seen.add(target + text);
      window.sightings.push({ target, text, atMs: Date.now() });
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  look();
`;

/** Sideways scrolling of the page itself, in pixels; 0 where everything fits. */
export const overflow = "Math.max(0, document.documentElement.scrollWidth - innerWidth)";

/** What shows that something is still being read. */
export const reading = '[aria-busy="true"], .mantine-Skeleton-root';

/** Resolves when what was just set is drawn: colours and sizes are followed by the page's own code, and fade, one after another where they are inherited. */
export const drawn = `(async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const fading = () => document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
  await frame();
  await frame();
  for (let ends = fading(); ends.length > 0; ends = fading()) {
    await Promise.allSettled(ends.map((one) => one.finished));
    await frame();
  }
})()`;
