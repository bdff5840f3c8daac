// A press signs only what could be read before it: a question (_contradictions.html, _unshown.html) for a second, and
// for two the AI result that came with a finding that was committed before it (read-first). Whatever was pressed
// sooner was meant for what stood there before: the second press of a double click, a key that was held.
//
// The viewer says it at the button that was pressed, and takes the event "not-signed" for that.

const QUESTION = 1000; // milliseconds
const RESULT = 2000;
const LOOK = 100;
const SAID = 4000;
const FORMS = "[data-verdict-form], [data-commit-form], [data-report-form]";
const RESULTS = ".vw-image-verdict, .ns-line-ai, #images [data-result]";
const ASKED = "Nothing was done: the question came just now. Read it, then press again.";
const COMMITTED = "Your finding is committed. Look at the AI result, then sign.";

let question = null;
let askedAt = 0;
let stood = 0; // milliseconds that an AI result has stood on the screen

function noteQuestion() {
  const found = document.querySelector("[data-contradictions]");
  if (found && found !== question) askedAt = performance.now();
  question = found;
}

/** In the window, and not below something else. */
function isInSight(one) {
  const { left, right, top, bottom } = one.getBoundingClientRect();
  const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return one.contains(found) || (found !== null && found.contains(one) && found.matches(".ns-line, .ns-image-card"));
}

function isResultInSight() {
  const found = [...document.querySelectorAll(RESULTS)];
  return found.length === 0 || found.some(isInSight); // of a study without one there is nothing to look at
}

setInterval(() => {
  if (!document.querySelector("[data-committed]")) stood = 0;
  else if (stood < RESULT && !document.hidden && isResultInSight()) stood += LOOK;
}, LOOK);

function whyNotYet(form) {
  noteQuestion();
  if (question && performance.now() - askedAt < QUESTION) return ASKED;
  return form.matches("[data-committed]") && stood < RESULT ? COMMITTED : "";
}

/** Where a refusal of this form is said; of a report's there is no place while nothing is refused. */
function placeIn(form) {
  const found = form.querySelector("[data-refused]");
  const button = form.querySelector("[data-report-sign]");
  if (found || !button) return found;
  const line = document.createElement("p");
  line.className = "ns-message ns-message-error alert";
  line.setAttribute("role", "alert");
  line.dataset.refused = "";
  button.parentElement.before(line);
  return line;
}

/** The bar that signs is higher with what was refused in it. */
function bringQuestionIntoSight(form) {
  const bar = form.querySelector(".ns-verdict-bar");
  if (!question || !bar) return;
  question.style.scrollMarginBottom = `${bar.offsetHeight + 8}px`;
  question.scrollIntoView({ block: "nearest", behavior: "instant" });
}

function say(text, form) {
  const told = new CustomEvent("not-signed", { detail: { value: text }, cancelable: true });
  if (!document.dispatchEvent(told)) return;
  const line = placeIn(form);
  if (!line) return;
  line.textContent = text;
  bringQuestionIntoSight(form);
  setTimeout(() => {
    if (line.textContent !== text) return; // it is about something else by now
    if (line.matches(".ns-message")) line.remove();
    else line.textContent = "";
  }, SAID);
  if (text === COMMITTED && !isResultInSight()) {
    document.querySelector("[data-line][data-shown], .ns-line-ai")?.scrollIntoView({ block: "center", behavior: "instant" });
  }
}

// Before the form hears of it.
document.addEventListener(
  "submit",
  (event) => {
    const { target: form, submitter } = event;
    if (!form.matches(FORMS) || submitter?.hasAttribute("formaction")) return;
    const why = whyNotYet(form);
    if (!why) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    say(why, form);
  },
  true,
);

document.addEventListener("htmx:load", noteQuestion);
noteQuestion();
