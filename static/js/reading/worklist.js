// Keys of the worklist: j and k move, Enter opens, Shift+R takes or releases, Shift+P and Shift+A open
// the priority and the assignee, n reads the next study. A key means the same in the viewer.
// The place in the list is the focused row link, so that a screen reader follows.

import { onClosedList } from "../core/closed_lists.js";

const rows = () => [...document.querySelectorAll("[data-row]")];
let here = ""; // id of the row
let control = ""; // id of what had the focus in it

function current() {
  const focused = document.activeElement?.closest("[data-row]");
  return focused || document.getElementById(here);
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
  const row = all[Math.min(Math.max(next, 0), all.length - 1)];
  row.querySelector("[data-open]").focus();
  row.scrollIntoView({ block: "nearest" });
}

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (!row) return;
  document.getElementById(here)?.removeAttribute("data-here");
  here = row.id;
  control = event.target.id;
  row.dataset.here = "";
});

// Details below a row: open until closed, also when the list is drawn anew.
const opened = new Set(); // ids of the rows of details

function showDetails() {
  for (const button of document.querySelectorAll("[data-more]")) {
    const id = button.getAttribute("aria-controls");
    button.setAttribute("aria-expanded", opened.has(id));
    document.getElementById(id).hidden = !opened.has(id);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-more]");
  if (!button) return;
  const id = button.getAttribute("aria-controls");
  if (!opened.delete(id)) opened.add(id);
  showDetails();
});
document.addEventListener("htmx:afterSwap", showDetails);

// The list was drawn anew: the row one was at may be gone, its place is not.
let place = -1; // none yet: whatever else settles on the page (the notices) takes nobody to a row
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "worklist") place = rows().findIndex((row) => row.id === here);
});
document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement !== document.body || place < 0) return;
  const row = document.getElementById(here) || rows()[place] || rows().at(-1);
  const same = row?.id === here && document.getElementById(control);
  (same || row?.querySelector("[data-open]"))?.focus({ preventScroll: true });
});

/** Open the list of priorities or of readers, to choose from. */
function openList(selector) {
  const list = current()?.querySelector(selector);
  list?.focus();
  list?.showPicker?.();
}

// What was chosen saves itself: the next key is the worklist's again, and no second choice.
document.addEventListener("change", (event) => {
  const list = event.target.closest("[data-priority], [data-assignee]");
  list?.closest("[data-row]")?.querySelector("[data-open]").focus({ preventScroll: true });
});

const acts = {
  j: () => move(1),
  k: () => move(-1),
  R: () => current()?.querySelector("[data-take], [data-release]")?.click(),
  P: () => openList("[data-priority]"),
  A: () => openList("[data-assignee]"),
  n: () => document.querySelector("[data-next-study]")?.click(),
  "/": () => document.getElementById("filter-q").focus(),
  "?": () => {
    const keys = document.querySelector(".ns-keys");
    keys.open = !keys.open;
    keys.querySelector("summary").focus();
  },
};

/** Whether the key was one of these. */
function actByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const act = acts[event.key];
  if (!act) return false;
  event.preventDefault();
  act();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.("input, select, textarea, [contenteditable]")) actByKey(event);
});
onClosedList("[data-row] select", actByKey);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".ns-keys[open]")?.removeAttribute("open");
});

// A view is saved with the filters as they are now, the typed text included.
document.querySelector("[data-view-save]")?.addEventListener("formdata", (event) => {
  const filters = new FormData(document.getElementById("worklist-filters"));
  for (const [name, value] of filters) event.formData.set(name, value);
});
