// What is left without an assessment, on the study page: see bulk_acceptance.js. In the viewer this is
// viewer/src/verdict/overview.ts.

import { announce } from "../core/site.js";
import { BulkAcceptance } from "./bulk_acceptance.js";
import { focusImage } from "./image_strip.js";
import { shownImages } from "./shown_images.js";

let isOwn = false; // what is entered just now

const rows = () => [...document.querySelectorAll("[data-line]")];

const bulk = new BulkAcceptance({
  verdict: () => document.querySelector("[data-verdict-form]")?.dataset.verdictForm ?? "",
  lines: () =>
    rows().map((row) => ({
      analysis: row.dataset.line,
      image: row.dataset.image,
      decision: row.querySelector("[data-decision]:checked")?.value ?? "",
    })),
  isSeen: (image) => shown.has(image),
  decide(lines, decision) {
    const named = new Set(lines.map((line) => line.analysis));
    const meant = rows().filter((row) => named.has(row.dataset.line));
    for (const row of meant) enter(row, decision);
    isOwn = true;
    meant[0]?.querySelector("[data-decision]").dispatchEvent(new Event("input", { bubbles: true }));
    isOwn = false;
  },
  refuse(text, button) {
    document.querySelector("[data-rest-refused]")?.remove();
    const words = document.createElement("p");
    words.className = "ns-verdict-refused";
    words.dataset.lineRefused = words.dataset.restRefused = ""; // verdict_lines.js takes it away again
    words.textContent = text;
    button.parentElement.append(words);
    announce(text);
  },
  done: focusImage,
});
let shown = new Set();

/** "" takes an assessment back: the draft has it, so that is sent. A choice made later stands behind it. */
function enter(row, decision) {
  for (const field of row.querySelectorAll("[data-decision]")) field.checked = field.value === decision;
  if (decision) return;
  const fields = row.querySelector("[data-decision]");
  const words = Object.assign(document.createElement("input"), { type: "hidden", name: fields.name, value: "none" });
  fields.before(words);
}

function offer() {
  shown = shownImages();
  bulk.show();
}

document.addEventListener("click", (event) => {
  shown = shownImages();
  bulk.press(event);
});

// Also a press on "Accept" where it is chosen already: no `input` follows that.
for (const kind of ["input", "click"]) {
  document.addEventListener(kind, ({ target, defaultPrevented }) => {
    const isChosen = !isOwn && !defaultPrevented && target.matches?.("[data-decision]");
    const row = isChosen && target.closest("[data-line]");
    if (!row) return;
    bulk.forget(row.dataset.line);
    offer();
  });
}
for (const kind of ["input", "image-on-screen", "htmx:load"]) document.addEventListener(kind, offer);
offer();
