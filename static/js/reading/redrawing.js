// The verdict's panel is drawn anew by the server: after an act in it, and where analyses have ended
// ("ai-results"). Not below somebody's fingers; and what was entered while the answer was on its way is not
// in that answer, so it is not drawn. What is put off is asked for again, when all that was entered is saved.

import { isFrozen } from "./freeze.js";

const AGAIN = 3000; // milliseconds
const PARTS = "[data-verdict], [data-verdict-rest]";
const enteredBefore = new WeakMap(); // request -> how much had been entered by then
let entered = 0;
let isBehind = false; // the server has more to show than the panel does
let timer = 0;

/** Somebody writes there, is asked to say why, or signs. */
function isBusy() {
  const focused = document.activeElement;
  // The heading has the focus after an act: nobody writes there.
  const isThere = focused?.closest(PARTS) && !focused.matches("[data-focus]");
  return isThere || isFrozen() || document.querySelector("[data-contradictions]") !== null;
}

function catchUp(delay) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (!isBehind) return;
    catchUp(AGAIN);
    if (!isBusy()) document.dispatchEvent(new CustomEvent("draw-verdict")); // _draw_verdict.html
  }, delay);
}

export function noteEntered() {
  entered += 1;
}

document.addEventListener("ai-results", () => {
  isBehind = true;
  catchUp(0);
});
document.addEventListener("focusout", () => {
  if (isBehind) catchUp(0);
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => enteredBefore.set(detail.xhr, entered));

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.target.matches("[data-verdict]")) return;
  const isAsked = detail.requestConfig.elt.matches("[data-draw-verdict]");
  if (enteredBefore.get(detail.xhr) !== entered || (isAsked && isBusy())) {
    detail.shouldSwap = false;
    isBehind = true;
    catchUp(0);
  } else if (isAsked && detail.shouldSwap) {
    isBehind = false;
  }
});
