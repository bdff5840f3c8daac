// The key n reads the next study, as on the worklist and in the viewer.

document.addEventListener("keydown", (event) => {
  const isText = event.target.closest?.("input, select, textarea, dialog");
  if (isText || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.key.toLowerCase() !== "n" || event.repeat) return;
  const form = document.querySelector("[data-next-form]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});
