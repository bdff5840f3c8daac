// The lines of the verdict on the study page. A, F and R are for the large image on the screen and
// for nothing else; the line of another image is pressed to show that image first.

import { onClosedList } from "../core/closed_lists.js";
import { announce } from "../core/site.js";
import "./accept_rest.js";
import { isFrozen, whyFrozen } from "./freeze.js";
import { bringIntoSight, imageShown, showImage, step, tellShown } from "./image_strip.js";
import "./pointed_choices.js";
import "./report_key.js";

const lines = () => [...document.querySelectorAll("[data-line]")];
const COMMIT_FIRST = "Commit your finding first: the AI result is withheld until then.";
const NOT_SHOWN = "The image is not on the screen yet. Press the key again once it is.";
const NOT_RECORDED =
  "Nothing was recorded: the image was not on the screen yet. Look at it, and press again beside it.";
const NO_RESULT = "There is no AI result of this image to assess.";
const ANOTHER_RESULT =
  "Another AI result of this image is shown than the one the verdict is on. Reload the page.";

function showReason(field) {
  if (!field.dataset.decision) return;
  const reason = field.closest("[data-line]").querySelector("[data-reason]");
  reason.hidden = field.dataset.decision === "accept";
  enable(reason);
}

/** Fields that are not shown are not sent: a study may have thousands of them. */
function enable(reason) {
  for (const field of reason.querySelectorAll("select, input")) field.disabled = reason.hidden;
}

let pressedLine = ""; // image of the line that was pressed last: that one stays under the mouse

document.addEventListener(
  "pointerdown",
  ({ target }) => (pressedLine = target.closest?.("[data-line]")?.dataset.image ?? ""),
  true,
);
document.addEventListener("keydown", () => (pressedLine = ""), true);

/** Scroll the list, not the page, to a line that is not wholly in sight there, above the bar that signs. */
function showLine(line) {
  const list = line.parentElement;
  const [whole, own] = [list.getBoundingClientRect(), line.getBoundingClientRect()];
  const bar = document.querySelector(".ns-verdict-bar")?.getBoundingClientRect();
  const above = Math.min(whole.bottom, bar?.top ?? Infinity);
  const bottom = above - whole.top < own.height ? whole.bottom : above;
  if (own.top >= whole.top && own.bottom <= bottom) return;
  list.scrollTop += (own.top + own.bottom - whole.top - bottom) / 2;
}

function meet() {
  for (const one of document.querySelectorAll("[data-reason]")) enable(one);
  mark();
}

/** Only the line of the large image takes an assessment. */
function mark() {
  const image = document.querySelector("#images .ns-image-card")?.dataset.image;
  for (const line of lines()) {
    const isShown = line.dataset.image === image;
    const isNew = isShown && !line.hasAttribute("data-shown");
    line.toggleAttribute("data-shown", isShown);
    if (!isShown) line.querySelector("[data-line-refused]")?.remove();
    line.tabIndex = isShown ? 0 : -1;
    for (const part of line.querySelectorAll(".ns-choices, .ns-line-reason")) part.inert = !isShown;
    if (isNew && pressedLine !== image) showLine(line);
  }
  showDecision();
}

/** Say beside the large image what its line above says. */
function showDecision() {
  const bar = document.querySelector("[data-assess-bar]");
  if (!bar) return;
  const line = document.querySelector("[data-line][data-shown]");
  bar.hidden = !line;
  const decision = line?.querySelector("[data-decision]:checked")?.value;
  for (const button of bar.querySelectorAll("[data-assess]")) {
    button.setAttribute("aria-pressed", button.dataset.assess === decision);
  }
  const reason = bar.querySelector("[data-assess-reason]");
  const list = line?.querySelector("[data-reason] select");
  reason.hidden = !decision || decision === "accept";
  reason.textContent = list?.value ? `Reason: ${list.selectedOptions[0].text}` : "Choose the reason";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-assess]");
  if (button) decide(button.dataset.assess);
  if (!event.target.closest("[data-assess-reason]")) return;
  const list = document.querySelector("[data-line][data-shown] [data-reason] select");
  list?.scrollIntoView({ block: "center", behavior: "instant" });
  list?.focus();
});

function typed(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

let refused = "";

function refuse(sentence) {
  takeRefusalsBack();
  refused = sentence;
  announce(sentence);
  document.dispatchEvent(new CustomEvent("toast", { detail: { value: sentence } }));
}

/** Why nothing can be assessed now, of this image or of the one on the screen; "" where it can. */
function whyNot(image) {
  if (isFrozen()) return whyFrozen();
  const shown = imageShown();
  if (!shown || (image && image !== shown.image)) return NOT_SHOWN;
  const line = lineOf(shown.image);
  if (!line) return NO_RESULT;
  tellShown();
  return line.dataset.line === shown.analysis ? "" : ANOTHER_RESULT;
}

const lineOf = (image) => lines().find((one) => one.dataset.image === image);

function decide(decision) {
  const why = whyNot();
  if (why === NOT_SHOWN) bringIntoSight();
  if (why) return refuse(why);
  const line = lineOf(imageShown().image);
  const field = line.querySelector(`[data-decision="${decision}"]`);
  field.checked = true;
  return typed(field);
}

/** Say it at the line, and beside the image, where one looks by then. */
function refuseAt(line, sentence) {
  takeRefusalsBack();
  for (const place of [line, document.querySelector("[data-assess-bar]")]) {
    const words = document.createElement("p");
    words.className = "ns-verdict-refused ns-line-refused";
    words.dataset.lineRefused = "";
    words.textContent = sentence;
    place?.append(words);
  }
  announce(sentence);
}

function takeRefusalsBack() {
  for (const one of document.querySelectorAll("[data-line-refused]")) one.remove();
  // What was said as a toast is over with the same act.
  for (const words of document.querySelectorAll("#toasts .ns-toast > span:first-child")) {
    if (words.textContent === refused) words.parentElement.remove();
  }
}

// A press, or Space, on a choice of a line: only of what is on the screen, as with the keys.
document.addEventListener(
  "click",
  (event) => {
    const line = event.target.matches?.("[data-decision]") && event.target.closest("[data-line]");
    const why = line && whyNot(line.dataset.image);
    if (!why) return;
    event.preventDefault();
    refuseAt(line, why === NOT_SHOWN ? NOT_RECORDED : why);
    if (why === NOT_SHOWN) bringIntoSight();
  },
  true,
);

document.addEventListener("focusin", (event) => {
  const line = event.target.closest?.("[data-line]");
  if (line) showImage(line.dataset.image);
});

document.addEventListener("htmx:load", meet);
document.addEventListener("input", (event) => {
  if (!event.target.closest("[data-verdict-form]")) return;
  takeRefusalsBack();
  showReason(event.target);
  showDecision();
});

const keys = { a: "accept", f: "modify", r: "reject" };

document.addEventListener("keydown", (event) => {
  if (event.target.closest?.("input:not([type=radio]), select, textarea")) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const decision = keys[event.key.toLowerCase()];
  const mustCommit = document.querySelector("[data-commit-form]") !== null;
  if (!decision || !(lines().length || mustCommit) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (mustCommit) {
    refuse(isFrozen() ? whyFrozen() : COMMIT_FIRST);
    return;
  }
  decide(decision);
});

const steps = { ArrowLeft: -1, ArrowRight: 1 };

// A letter typed there was meant for the list: it assesses nothing.
onClosedList("[data-reason] select, .ns-reading-control select", (event) => {
  if (steps[event.key]) step(steps[event.key]);
  return Boolean(steps[event.key]);
});

meet();
