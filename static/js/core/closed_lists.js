// A list that saves itself is changed on purpose: by the mouse, or by the keys while it is open. While it is closed
// an arrow opens it, and a letter does nothing to it.

function isOpen(list) {
  return CSS.supports("selector(:open)") && list.matches(":open");
}

/** `act(event)` is asked for each key of such a list; it returns whether it was one of the page's. */
export function onClosedList(selector, act) {
  document.addEventListener("keydown", (event) => {
    const list = event.target.closest?.(selector);
    if (!list || event.ctrlKey || event.metaKey || event.altKey || isOpen(list)) return;
    const isLetter = event.key.length === 1 && event.key !== " ";
    const isMove = /^(Arrow|Page|Home|End)/.test(event.key);
    if (!isLetter && !isMove) return;
    event.preventDefault();
    if (!act(event) && isMove) list.showPicker?.();
  });
}
