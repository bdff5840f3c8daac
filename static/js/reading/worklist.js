// Keys of the worklist: j and k move, Enter opens, t takes, r releases, p and a go to the priority
// and the assignee, n reads the next study.
// The place in the list is the focused row link, so that a screen reader follows.

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

// The list was drawn anew: the row one was at may be gone, its place is not.
let place = 0;
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "worklist") place = rows().findIndex((row) => row.id === here);
});
document.addEventListener("htmx:afterSettle", () => {
  if (document.activeElement !== document.body || place < 0) return;
  const row = document.getElementById(here) || rows()[place] || rows().at(-1);
  const same = row?.id === here && document.getElementById(control);
  (same || row?.querySelector("[data-open]"))?.focus({ preventScroll: true });
});

const acts = {
  j: () => move(1),
  k: () => move(-1),
  t: () => current()?.querySelector("[data-take]")?.click(),
  r: () => current()?.querySelector("[data-release]")?.click(),
  p: () => current()?.querySelector("[data-priority]")?.focus(),
  a: () => current()?.querySelector("[data-assignee]")?.focus(),
  n: () => document.querySelector("[data-next-study]")?.click(),
  "/": () => document.getElementById("filter-q").focus(),
  "?": () => {
    const keys = document.querySelector(".ns-keys");
    keys.open = !keys.open;
    keys.querySelector("summary").focus();
  },
};

document.addEventListener("keydown", (event) => {
  const writes = event.target.closest?.("input, select, textarea, [contenteditable]");
  if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".ns-keys[open]")?.removeAttribute("open");
});

// A view is saved with the filters as they are now, the typed text included.
document.querySelector("[data-view-save]")?.addEventListener("formdata", (event) => {
  const filters = new FormData(document.getElementById("worklist-filters"));
  for (const [name, value] of filters) event.formData.set(name, value);
});
