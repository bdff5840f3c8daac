// The focus stays on the image: a click on a button beside it does what the button says, and the next
// key is the image's again. Who goes through the page with Tab keeps the focus where it is.

const BUTTONS = "button, summary, [role=tab]";
const ONE_LINE = "input:not([type=checkbox], [type=radio], [type=range])";
const GIVE_BACK = "select, input:is([type=range], [type=checkbox], [type=radio])";

export function keepFocusOn(image: () => HTMLElement): void {
  const room = document.body;
  let isPointer = false;
  const back = () => {
    if (!document.querySelector("dialog[open]")) image().focus({ preventScroll: true });
  };
  room.addEventListener(
    "pointerdown",
    () => {
      isPointer = true;
    },
    { capture: true },
  );
  room.addEventListener(
    "keydown",
    () => {
      isPointer = false;
    },
    { capture: true },
  );
  // Buttons only: a press that is prevented moves no slider, opens no list and sets no caret.
  room.addEventListener("mousedown", (event) => {
    const target = event.target as Element;
    if (target.closest(BUTTONS) && !target.closest("dialog, .vw-viewport")) event.preventDefault();
  });
  // A box takes the focus with the press, so do a slider and a list: once what they do is done they give
  // it back, and not before: the focus that moves may draw the panel anew, with the old choice.
  room.addEventListener("change", (event) => {
    if (isPointer && (event.target as Element).matches(GIVE_BACK)) back();
  });
  // Escape leaves a field, and so does Enter where there is one line: what was typed is taken over.
  room.addEventListener("keydown", (event) => {
    const field = event.target as Element;
    if (event.defaultPrevented || field.closest("dialog") || !leaves(field, event)) return;
    event.preventDefault();
    back();
  });
  // The wheel over a panel scrolls the panel; over a number with the focus it would change the number.
  room.addEventListener(
    "wheel",
    (event) => {
      const active = document.activeElement;
      if (active instanceof HTMLInputElement && active.type === "number") {
        if (event.target === active) active.blur();
      }
    },
    { passive: true },
  );
}

function leaves(field: Element, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  if (event.key === "Escape") return field.matches(`${ONE_LINE}, textarea, select`);
  return event.key === "Enter" && field.matches(ONE_LINE);
}
