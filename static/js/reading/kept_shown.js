// Which images of a study this person has had on the screen of this window, kept over its pages. Pages load
// this file as it is; the viewer's bundle has it built in (viewer/src/verdict/shownImages.ts).

import { person } from "../core/person.js";

/** By person: at one workstation, and in one tab, another one may sign in. */
const keyOf = (/** @type {string} */ study) => `neuroscan-shown:${person()}:${study}`;

/**
 * @param {string} study
 * @returns {string[]} ids of images
 */
export function keptShown(study) {
  try {
    return (sessionStorage.getItem(keyOf(study)) ?? "").split(" ").filter(Boolean);
  } catch {
    return [];
  }
}

/**
 * @param {string} study
 * @param {string} image
 */
export function keepShown(study, image) {
  const known = new Set(keptShown(study)).add(image);
  try {
    sessionStorage.setItem(keyOf(study), [...known].join(" "));
  } catch {
    // A browser that keeps nothing: it is known until the page is loaded again.
  }
}
