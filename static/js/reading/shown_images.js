// Which images of the study were on the screen of this window, for the verdict that is signed: “no tumor” with
// images that were not shown is asked once more, so the count stands at the button before it is pressed.
//
// The viewer, and the study page's strip, tell of each:
// document.dispatchEvent(new CustomEvent("image-on-screen", { detail: { image: id } })).
// What the draft knows from before stands in the field.

import { keepShown, keptShown } from "./kept_shown.js";

const field = () => document.querySelector("[data-images-shown]");

/** The ids of the images that were shown, as far as is known here. */
export function shownImages() {
  const one = field();
  return new Set(one ? [...one.value.split(" ").filter(Boolean), ...keptShown(one.dataset.study)] : []);
}

/** Into the field of the form, and as a count at the button. */
export function writeShownImages() {
  const one = field();
  if (!one) return;
  const { count } = one.dataset;
  const known = shownImages();
  one.value = [...known].join(" ");
  for (const words of document.querySelectorAll("[data-shown-count]")) {
    const text = `${Math.min(known.size, count)} of ${count} shown`;
    if (words.textContent !== text) words.textContent = text;
    words.toggleAttribute("data-all", known.size >= count);
  }
}

function note(image) {
  const one = field();
  if (!one) return;
  const { study } = one.dataset;
  if (one.value.includes(image) && keptShown(study).includes(image)) return;
  keepShown(study, image);
  one.value = `${one.value} ${image}`;
  writeShownImages();
}

document.addEventListener("image-on-screen", ({ detail }) => note(detail.image));
