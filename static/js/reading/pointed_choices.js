// After a press of the mouse the keys are for the images: no arrow and no letter changes the choice that was
// pressed. Who goes through the page with Tab keeps the focus where it is.

const FORMS =
  "[data-verdict-form], [data-commit-form], [data-verdict-beside], .ns-reading-control";
let isPointed = false;

document.addEventListener("pointerdown", () => (isPointed = true), true);
document.addEventListener("keydown", () => (isPointed = false), true);

function giveBack({ target }, kind) {
  if (isPointed && target.matches?.(kind) && target.closest(FORMS)) target.blur();
}

document.addEventListener("click", (event) => giveBack(event, "input[type=radio]"));
document.addEventListener("change", (event) => giveBack(event, "select"));
