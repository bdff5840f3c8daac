// What every page needs: theme choice, polling manners, toasts, spoken results.

import "./drawn_for.js";

for (const group of document.querySelectorAll("[data-theme-choice]")) {
  const mark = () => {
    for (const button of group.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === window.neuroscanTheme.chosen()));
    }
  };
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    window.neuroscanTheme.choose(button.value);
    mark();
  });
  mark();
}

// --- Filters that a phone folds away --------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (!button) return;
  const unfolds = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", unfolds);
  button.closest("form").classList.toggle("ns-filters-unfolded", unfolds);
});

// --- Polling: not from a hidden tab, and of many cards only those in sight -----------------------

function isInSight(element) {
  const box = element.getBoundingClientRect();
  return box.bottom > -200 && box.top < window.innerHeight + 200;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const element = event.detail.elt;
  if (element.dataset.poll === undefined) return;
  const sectionOfPage = element.dataset.poll === "always";
  if (document.hidden || (!sectionOfPage && !isInSight(element))) event.preventDefault();
});

// --- The focus stays where it was: htmx finds the same id again, this is for when it is gone -----

let hadFocus = "";

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target } = event.detail;
  hadFocus = target.contains(document.activeElement) ? target.id : "";
});

document.addEventListener("htmx:afterSettle", () => {
  const isLost = document.activeElement === document.body;
  if (hadFocus && isLost) {
    const heading = document.getElementById(hadFocus)?.querySelector("[data-focus]");
    // "still": what the reader looks at is in the window, the heading need not be.
    heading?.focus({ preventScroll: heading.dataset.focus === "still" });
  }
  hadFocus = "";
});

// --- Responses that are not a fragment ------------------------------------------------------------

const WRITTEN = "textarea, input:not([type]), [type=text], [type=date], [type=email], [type=password]";

/** Whether someone has written or chosen something here that a reload would take away. */
function isWritten() {
  const main = document.querySelector("main");
  const isTyped = (field) => !field.closest("[role=search]") && field.value !== field.defaultValue;
  return (
    [...main.querySelectorAll(WRITTEN)].some(isTyped) ||
    [...main.querySelectorAll("[type=file]")].some((field) => field.files.length > 0)
  );
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  const requested = new URL(requestConfig.path, window.location.href).pathname;
  const responded = xhr.responseURL ? new URL(xhr.responseURL).pathname : requested;
  if (requested !== responded) {
    // Signed out meanwhile: the sign-in page is no fragment. Nor does it take what is written here.
    event.preventDefault();
    if (isWritten()) toast("You are signed out. Sign in in another tab and leave this one open.");
    else window.location.reload();
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr, elt } = event.detail;
  if (elt.dataset.poll !== undefined) return; // the next poll may succeed
  const isSentence = (xhr.getResponseHeader("Content-Type") || "").startsWith("text/plain");
  toast(isSentence ? xhr.responseText : "That did not work. Reload the page and try again.");
});

document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.elt.dataset.poll !== undefined) return;
  toast("The server cannot be reached. Check the network, then try again.");
});

document.addEventListener("toast", (event) => toast(event.detail.value));
document.addEventListener("announce", (event) => announce(event.detail.value));

export function announce(text) {
  const region = document.getElementById("announcements");
  if (!region) return;
  const line = document.createElement("p");
  line.textContent = text;
  region.append(line);
  while (region.children.length > 5) region.firstElementChild.remove();
}

// What was saved as soon as it was chosen, with its way back. Ctrl+Z presses the newest one's button, as long as
// nothing else was entered since; in the viewer it undoes what was drawn, and nothing here.
const isViewer = document.body.matches(".vw-page");
let isNewest = false;

document.addEventListener("undoable", (event) => {
  const { text, path, fields } = event.detail;
  isNewest = !isViewer;
  for (const old of document.querySelectorAll("#toasts [data-undo]")) {
    if (old.dataset.undo === path) old.closest(".ns-toast").remove();
  }
  toast(text, { path, fields });
});

document.addEventListener("input", () => (isNewest = false));

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
  if (!isNewest || event.repeat || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, [contenteditable]")) return;
  const undo = [...document.querySelectorAll("#toasts [data-undo]")].at(-1);
  if (!undo) return;
  event.preventDefault();
  undo.click();
});

function undoButton({ path, fields }) {
  const undo = document.createElement("button");
  undo.type = "button";
  undo.className = "btn btn-secondary btn-sm";
  undo.dataset.undo = path;
  undo.textContent = "Undo";
  if (!isViewer) {
    undo.title = "Undo (Ctrl+Z)";
    undo.setAttribute("aria-keyshortcuts", "Control+Z");
  }
  undo.addEventListener("click", () => {
    const control = document.querySelector(`[hx-post="${CSS.escape(path)}"]`);
    const source = fields.from ? document.body : control;
    const hadFocus = document.activeElement === undo;
    undo.closest(".ns-toast").remove();
    announce("Undone.");
    const row = control?.closest("[data-row]");
    if (hadFocus) (row?.querySelector("a[href]") ?? control?.querySelector("select"))?.focus();
    window.htmx.ajax("POST", path, { source, values: fields, swap: fields.from ? "none" : undefined });
  });
  return undo;
}

export function toast(text, back) {
  const shown = document.querySelectorAll("#toasts .ns-toast span");
  if (!back && [...shown].some((words) => words.textContent === text)) return; // once is enough
  const box = document.createElement("div");
  box.className = "ns-toast";
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-secondary btn-sm";
  close.textContent = "Close";
  close.addEventListener("click", () => box.remove());
  const buttons = document.createElement("span");
  buttons.className = "ns-toast-buttons";
  if (back) {
    box.classList.add("ns-toast-done");
    buttons.append(undoButton(back));
  }
  buttons.append(close);
  box.append(words, buttons);
  document.getElementById("toasts").append(box);
}
