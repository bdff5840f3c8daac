// The question that a second act answers (_contradictions.html, _unshown.html): it goes when the reader corrects
// what it is about, with Escape, and with its button Back. What was typed into it is not kept: it was about what is
// corrected.

const asked = () => document.querySelectorAll("[data-contradictions]");

function dismiss() {
  for (const one of asked()) one.remove();
  for (const words of document.querySelectorAll("[data-plain]")) {
    words.textContent = words.dataset.plain;
  }
  document.dispatchEvent(new CustomEvent("contradictions-dismissed"));
}

function goBack() {
  const hadFocus = [...asked()].some((one) => one.contains(document.activeElement));
  dismiss();
  if (hadFocus && document.activeElement === document.body) {
    document.querySelector("[data-plain], [data-report-sign]")?.closest("button")?.focus();
  }
}

document.addEventListener("input", ({ target }) => {
  const isCorrected = target.name === "finding" || target.name?.startsWith("decision-");
  if (isCorrected && asked().length) dismiss();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && asked().length && !document.querySelector("dialog[open]")) goBack();
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-question-back]")) goBack();
});
