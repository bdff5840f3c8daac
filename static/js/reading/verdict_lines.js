// The lines of the verdict on the study page. A, F and R are for the large image on the screen and
// for nothing else; the line of another image is pressed to show that image first.

import { onClosedList } from "../core/closed_lists.js";
import { announce } from "../core/site.js";
import "./accept_rest.js";
import { isFrozen } from "./freeze.js";
import { bringIntoSight, imageShown, showImage, step } from "./image_strip.js";
import "./pointed_choices.js";

const lines = () => [...document.querySelectorAll("[data-line]")];
const SIGNING = "Nothing was done: the verdict is being signed.";
const NOT_SHOWN = "The image is not on the screen yet. Press the key again once it is.";
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

function meet() {
  for (const one of document.querySelectorAll("[data-reason]")) enable(one);
  mark();
}

/** Only the line of the large image takes an assessment; the list scrolls to it, not the page. */
function mark() {
  const image = document.querySelector("#images .ns-image-card")?.dataset.image;
  for (const line of lines()) {
    const isShown = line.dataset.image === image;
    const isNew = isShown && !line.hasAttribute("data-shown");
    line.toggleAttribute("data-shown", isShown);
    line.tabIndex = isShown ? 0 : -1;
    for (const part of line.querySelectorAll(".ns-choices, .ns-line-reason")) part.inert = !isShown;
    if (isNew) line.parentElement.scrollTop = line.offsetTop - line.parentElement.clientHeight / 3;
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

function refuse(sentence) {
  announce(sentence);
  document.dispatchEvent(new CustomEvent("toast", { detail: { value: sentence } }));
}

function decide(decision) {
  if (isFrozen()) return refuse(SIGNING);
  const shown = imageShown();
  if (!shown) {
    bringIntoSight();
    return refuse(NOT_SHOWN);
  }
  const line = lines().find((one) => one.dataset.image === shown.image);
  if (!line) return refuse(NO_RESULT);
  if (line.dataset.line !== shown.analysis) return refuse(ANOTHER_RESULT);
  const field = line.querySelector(`[data-decision="${decision}"]`);
  field.checked = true;
  return typed(field);
}

document.addEventListener("focusin", (event) => {
  const line = event.target.closest?.("[data-line]");
  if (line) showImage(line.dataset.image);
});

document.addEventListener("htmx:load", meet);
document.addEventListener("input", (event) => {
  if (!event.target.closest("[data-verdict-form]")) return;
  showReason(event.target);
  showDecision();
});

const keys = { a: "accept", f: "modify", r: "reject" };

/** Whether the key was one of these. */
function decideByKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
  if (document.querySelector("dialog[open]")) return false;
  const decision = keys[event.key.toLowerCase()];
  if (!decision || !lines().length) return false;
  event.preventDefault();
  decide(decision);
  return true;
}

document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.("input:not([type=radio]), select, textarea")) decideByKey(event);
});

const steps = { ArrowLeft: -1, ArrowRight: 1 };

onClosedList("[data-reason] select, .ns-reading-control select", (event) => {
  if (steps[event.key]) step(steps[event.key]);
  return Boolean(steps[event.key]) || decideByKey(event);
});

meet();
