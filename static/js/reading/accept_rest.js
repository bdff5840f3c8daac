// The two acts for what is left without an assessment on the study page: of the images that were shown, and, said
// as such, of those that were not. In the viewer these are viewer/src/verdict/overview.ts.

import { shownImages } from "./shown_images.js";

const ACTS = [
  ["[data-accept-shown]", "shown and not assessed", (image, shown) => shown.has(image)],
  ["[data-accept-unshown]", "not shown", (image, shown) => !shown.has(image)],
];

/** The lines that an act is for now. */
function meant(isMeant) {
  const shown = shownImages();
  return [...document.querySelectorAll("[data-line]")].filter(
    (line) => !line.querySelector("[data-decision]:checked") && isMeant(line.dataset.image, shown),
  );
}

function offer() {
  for (const [selector, which, isMeant] of ACTS) {
    const button = document.querySelector(selector);
    if (!button) continue;
    const count = meant(isMeant).length;
    button.hidden = count === 0;
    button.textContent = `Accept the ${count === 1 ? "1 image" : `${count} images`} ${which}`;
  }
}

document.addEventListener("click", (event) => {
  const act = ACTS.find(([selector]) => event.target.closest?.(selector));
  if (!act) return;
  const fields = meant(act[2]).map((line) => line.querySelector('[data-decision="accept"]'));
  for (const field of fields) field.checked = true;
  fields[0]?.dispatchEvent(new Event("input", { bubbles: true }));
});

for (const kind of ["input", "image-on-screen", "htmx:load"]) document.addEventListener(kind, offer);
offer();
