// Only a button that says so, or Ctrl+Enter, signs: the plain Enter of a one-line field, a radio button or a
// checkbox, which a browser takes for its form's first button, does nothing there. A password is typed to sign.

const FORMS = "[data-verdict-form], [data-commit-form], [data-report-form]";
const BUTTONS = "[type=password], [type=submit], [type=button], [type=reset], [type=image]";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
  const field = event.target;
  // A field may belong to the form from another place of the page.
  if (!field.matches?.("input") || field.matches(BUTTONS)) return;
  if (field.form?.matches(FORMS)) event.preventDefault();
});
