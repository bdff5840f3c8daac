// The list of files is one stop of the Tab key, however many there are: the arrows go from row to
// row, and only the row one is at has its controls in the order of the Tab key.

const CONTROLS = "a, button";

export function setUpRowKeys(list) {
  let here = null;

  const rows = () => [...list.children];

  function goTo(row) {
    here = row;
    for (const one of rows()) {
      one.tabIndex = one === here ? 0 : -1;
      for (const control of one.querySelectorAll(CONTROLS)) {
        control.tabIndex = one === here ? 0 : -1;
      }
    }
  }

  list.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-rows] > li");
    if (row !== here) goTo(row);
  });

  list.addEventListener("keydown", (event) => {
    const all = rows();
    const at = all.indexOf(here);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined || !all[next]) return;
    event.preventDefault();
    all[next].focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest", behavior: "instant" }); // keys that repeat outrun a smooth one
  });

  // Rows come and go, and a row that was sent has a link.
  const watch = new MutationObserver(() => goTo(list.contains(here) ? here : list.firstElementChild));
  watch.observe(list, { childList: true, subtree: true });
}
