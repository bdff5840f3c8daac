// Only a button that says so, or Ctrl+Enter, signs: the plain Enter of a one-line field, a radio button or a
// checkbox, which a browser takes for its form's first button, does nothing there. A password is typed to sign.
// An Enter that is held presses once.

const FORMS = "[data-verdict-form], [data-commit-form], [data-report-form]";
const BUTTONS = "[type=password], [type=submit], [type=button], [type=reset], [type=image]";

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (event.key !== "Enter" || !field.matches?.("input, button")) return;
  // A field may belong to the form from another place of the page.
  if (!field.form?.matches(FORMS)) return;
  const isPressed = event.ctrlKey || event.metaKey || field.matches(`button, ${BUTTONS}`);
  if (event.repeat || !isPressed) event.preventDefault();
});
