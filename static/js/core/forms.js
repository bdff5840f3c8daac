// Forms of every page: what the browser cannot read is never sent as if nothing were there, and the
// focus begins where one types.

// A native field gives no value for a day that does not exist (02/29/1970) or a number that is none:
// to the server the field is empty. Only the browser knows, so only here can it be said.
const SENTENCES = {
  number: "This is no number. Correct it, or empty the field.",
  date: "There is no such day, or a part of it is missing. Correct it, or empty the field.",
};
const OTHERWISE = "There is no such time, or a part of it is missing. Correct it, or empty the field.";

/** The fields of a form, those outside that belong to it too, that hold what cannot be read. */
const unreadable = (form) =>
  [...form.elements].filter((field) => field.willValidate && field.validity.badInput);

/** Say it at each such field, and go to the first. Returns whether there is one. */
function refuse(form) {
  const fields = unreadable(form);
  for (const field of fields) say(field);
  fields[0]?.focus();
  return fields.length > 0;
}

function say(field) {
  if (document.getElementById(idOf(field))) return; // it stands there already
  const sentence = document.createElement("p");
  sentence.id = idOf(field);
  sentence.className = "ns-unreadable";
  sentence.setAttribute("role", "alert");
  sentence.textContent = SENTENCES[field.type] ?? OTHERWISE;
  field.after(sentence);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${sentence.id}`.trim());
}

function takeBack(field) {
  const sentence = document.getElementById(idOf(field));
  if (!sentence) return;
  sentence.remove();
  field.removeAttribute("aria-invalid");
  const others = field.getAttribute("aria-describedby").replace(sentence.id, "").trim();
  if (others) field.setAttribute("aria-describedby", others);
  else field.removeAttribute("aria-describedby");
}

const idOf = (field) => `unreadable-${field.id || field.name}`;

// On its way down, before htmx and the scripts of a page hear of it, whichever button was pressed.
addEventListener(
  "submit",
  (event) => {
    if (!refuse(event.target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);

// What htmx sends without a submit: a filter, as it changes. Only from its own fields.
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  if (form && unreadable(form).length) {
    event.preventDefault();
    for (const field of unreadable(form)) if (field !== document.activeElement) say(field);
  }
});

for (const name of ["input", "change", "focusout"]) {
  document.addEventListener(name, (event) => {
    const field = event.target;
    if (!field.validity || !field.form) return;
    if (!field.validity.badInput) takeBack(field);
    else if (name === "focusout" && !field.contains(event.relatedTarget)) say(field);
  });
}

// --- The focus begins where one types ---------------------------------------------------------------

const TYPED = "input:not([type=hidden], [type=submit], [tabindex='-1']), select, textarea";

/** Focus the first field that was refused, or else the first one. */
export function focusFirst(part) {
  const fields = [...part.querySelectorAll(TYPED)].filter(
    (field) => !field.disabled && field.checkVisibility(),
  );
  const isRefused = (field) => field.getAttribute("aria-invalid") === "true";
  (fields.find(isRefused) ?? fields[0])?.focus();
}

const form = document.querySelector("[data-focus-first]");
if (form && document.activeElement === document.body) focusFirst(form);
