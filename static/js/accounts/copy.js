// A button that copies what stands in a field, and says that it did.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  const words = button.parentElement.querySelector("[data-copy-said]");
  words.textContent = (await isCopied(field)) ? "Copied" : "Not copied: it is selected, press Ctrl+C.";
});

async function isCopied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.select(); // there is a clipboard only on HTTPS and on this machine itself
    return document.execCommand("copy");
  }
}
