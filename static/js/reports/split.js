// The report beside the images: the viewer in a frame of this page, where the window is wide enough.
//
// The frame tells what happens in it (`postMessage`), and which AI content it has on the screen: that
// is stored with the verdict that is signed together with the report. Every word between the two names
// its study. A frame that shows another study than this report's is taken away at once.

import { person } from "../core/person.js";

const WIDE = 1200; // pixels from which both fit
const KEY = "neuroscan-report-split";
const split = document.querySelector("[data-split]");
const images = document.querySelector("[data-split-images]");
const toggle = document.querySelector("[data-split-toggle]");
const lost = document.querySelector("[data-split-lost]");
const fits = matchMedia(`(min-width: ${WIDE}px)`);
const study = split?.dataset.study;
let frame = images?.querySelector("iframe");

const wanted = () => localStorage.getItem(KEY) !== "off";

function draw() {
  const isOpen = fits.matches && wanted();
  images.hidden = !isOpen;
  split.classList.toggle("ns-split-open", isOpen);
  toggle.hidden = !fits.matches;
  toggle.setAttribute("aria-pressed", String(isOpen));
  if (isOpen) {
    split.style.setProperty("--ns-split-top", `${split.getBoundingClientRect().top + scrollY}px`);
    if (!frame.src && lost.hidden) frame.src = frame.dataset.viewer;
  }
}

// --- Whose images stand there ----------------------------------------------------------------------

/** The viewer's document, also while it is folded away; null while there is none of this study. */
function viewerBeside() {
  const shown = frame?.contentDocument?.body?.dataset.study;
  if (shown === study) return frame.contentDocument;
  if (shown) takeAway();
  return null;
}

/** Without asking it: what it has not saved is of another study, and not this page's to keep. */
function takeAway() {
  const fresh = frame.cloneNode();
  fresh.removeAttribute("src");
  fresh.hidden = true;
  frame.replaceWith(fresh);
  frame = fresh;
  frame.addEventListener("load", viewerBeside);
  lost.hidden = false;
}

function bringBack() {
  lost.hidden = true;
  frame.hidden = false;
  frame.src = frame.dataset.viewer;
}

// --- One verdict, shown in two places --------------------------------------------------------------

const FINDING = "[data-verdict-beside] [name=finding]";
const verdict = {
  get revision() {
    return document.querySelector("[data-beside-revision]");
  },
  get reason() {
    return document.querySelector("[data-beside-reason]");
  },
  get finding() {
    return document.querySelector(`${FINDING}:checked`)?.value ?? "";
  },
  set finding(value) {
    for (const one of document.querySelectorAll(FINDING)) one.checked = one.value === value;
  },
};
// What was entered here and the frame has not told of yet.
const entered = new Set(document.querySelector("[data-beside-unsaved]") ? ["finding", "reason"] : []);

let known; // what the frame told last: null where no verdict is written there

/** The frame tells of each save, and each time its panel is drawn. */
function hear(told) {
  const isTurned = known === undefined || (told === null) !== (known === null);
  const lacksReason = typeof told?.reason === "string" && !verdict.reason;
  const isAnother = (told === null) !== (verdict.revision === null) || lacksReason;
  known = told;
  if (isAnother && isTurned) drawVerdict().then(() => meet(known));
  else meet(told);
}

/** It was signed in the frame, or its amendment begun there: this page shows that, and keeps the rest. */
const drawVerdict = () => drawAnew("[data-verdict-beside]", "[data-report-sign] [data-plain]");

async function drawAnew(...parts) {
  const place = document.querySelector("[data-verdict-beside]");
  const response = await fetch(place.dataset.verdictBeside).catch(() => null);
  if (!response?.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (person(page) !== person()) return; // somebody else's
  for (const part of parts) {
    const fresh = page.querySelector(part);
    if (fresh) document.querySelector(part).replaceWith(fresh);
  }
}

/** As the frame shows it now. What was entered here meanwhile is entered there as well. */
function meet(told) {
  if (!verdict.revision || !told) return;
  verdict.revision.value = told.revision;
  if (entered.has("finding") && verdict.finding && verdict.finding !== told.finding) {
    enter({ finding: verdict.finding });
  } else {
    entered.delete("finding");
    verdict.finding = told.finding;
  }
  if (!verdict.reason || told.reason === null) return;
  if (entered.has("reason") && verdict.reason.value !== told.reason) {
    enter({ reason: verdict.reason.value });
  } else {
    entered.delete("reason");
    verdict.reason.value = told.reason;
  }
}

let isSending = false;

/** While the form is sent, nothing more is entered in the frame: what is signed would not know of it. */
export function send(isSent) {
  isSending = isSent;
  if (!isSent && known) meet(known);
}

function enter(detail) {
  if (isSending) return;
  viewerBeside()?.dispatchEvent(new CustomEvent("enter-verdict", { detail: { study, ...detail } }));
}

/** Whether the server has everything that was entered in the verdict beside: it is signed here. */
export async function saveBeside() {
  const waits = [];
  viewerBeside()?.dispatchEvent(new CustomEvent("save-verdict", { detail: { study, waits } }));
  const saved = await Promise.all(waits);
  for (const one of saved) meet(one.verdict);
  return saved.every(({ outcome }) => outcome === "saved");
}

/** What the frame has had on the screen, for the verdict that is signed here. */
function seen(detail) {
  for (const [name, kind] of [
    ["layers", "layers"],
    ["shown", "analyses"],
    ["statements", "statements"],
  ]) {
    const field = document.querySelector(`[data-beside-${name}]`);
    const known = new Set(field.value.split(" ").filter(Boolean));
    for (const one of detail[kind] || []) known.add(one);
    field.value = [...known].join(" ");
  }
}

/** An image got a star, or lost it: as a figure it is offered among the key images, or the others. */
function star({ image, on }) {
  const choice = document.querySelector(`[data-figure-image="${image}"]`);
  const list = document.querySelector(on ? "[data-key-figures]" : "[data-other-figures]");
  if (choice && list) list.append(choice);
}

/** An earlier study has been on the screen beside this one: the report may say so from now on. */
function compared({ other }) {
  const tag = document.querySelector(`[data-opened-beside="${other}"]`);
  if (tag) tag.hidden = false;
  drawAnew("[data-comparison-now]"); // offers the sentence that is true now
}

const HEARD = { "ai-layers": seen, verdict: hear, "key-image": star, "study-compared": compared };

if (split) {
  toggle.addEventListener("click", () => {
    localStorage.setItem(KEY, wanted() ? "off" : "on");
    draw();
  });
  fits.addEventListener("change", draw);
  frame.addEventListener("load", viewerBeside);
  document.querySelector("[data-split-again]").addEventListener("click", bringBack);
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== location.origin || source !== frame.contentWindow || !data?.neuroscan) return;
    if (data.study !== study) takeAway();
    else HEARD[data.neuroscan]?.(data.detail);
  });
  document.addEventListener("input", ({ target }) => {
    // By the field, not by its name: a correction of the study has a reason as well.
    const name = target === verdict.reason ? "reason" : target.matches(FINDING) ? "finding" : "";
    if (!name) return;
    entered.add(name);
    enter({ [name]: target.value });
  });
  // A link to an image, an annotation or an earlier study shows it in the frame, if that is open.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || images.hidden || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const address = new URL(link.href);
    const own = new URL(frame.dataset.viewer, location.href);
    if (address.pathname !== own.pathname) return;
    if (!address.search) return; // "Open the viewer" leaves this page
    event.preventDefault();
    for (const [name, value] of own.searchParams) address.searchParams.set(name, value);
    lost.hidden = true;
    frame.hidden = false;
    frame.src = address.href;
  });
  draw();
}
