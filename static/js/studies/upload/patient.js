// Whose images they are: found by typing, or registered in a dialog without losing the files.

import { focusFirst } from "../../core/forms.js";
import { setUpCombobox } from "./combobox.js";

const NOBODY = "00000000-0000-0000-0000-000000000000"; // in the address, for the chosen one's id

export function setUpPatient(form, { onChosen }) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const patientId = form.elements.patient;

  // An answer that comes late is of the patient chosen before: it does not stand under another one.
  form.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== part("chosen-candidates")) return;
    const address = form.dataset.candidatesUrl.replace(NOBODY, patientId.value);
    if (!event.detail.pathInfo.requestPath.endsWith(address)) event.detail.shouldSwap = false;
  });

  function choose({ id, name, facts }) {
    patientId.value = id;
    part("chosen-candidates").replaceChildren();
    const address = form.dataset.candidatesUrl.replace(NOBODY, id);
    window.htmx.ajax("GET", address, { target: "[data-chosen-candidates]", swap: "innerHTML" });
    part("chosen-name").textContent = name;
    part("chosen-facts").textContent = facts;
    show(true);
    part("change").focus();
    onChosen();
  }

  function show(chosen) {
    part("chosen").hidden = !chosen;
    part("combobox").hidden = chosen;
    if (part("register-line")) part("register-line").hidden = chosen;
  }

  setUpCombobox({
    root: part("combobox"),
    optionsUrl: form.dataset.optionsUrl,
    onChoose: choose,
  });
  part("change").addEventListener("click", () => {
    patientId.value = "";
    part("chosen-candidates").replaceChildren();
    form.elements.patient_search.value = "";
    show(false);
    form.elements.patient_search.focus();
  });

  // Who may be the same person, below the chosen patient or in the dialog, is chosen instead.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-choose-patient]");
    if (!link) return;
    event.preventDefault();
    document.getElementById("register")?.close();
    const { choosePatient, name, facts } = link.dataset;
    choose({ id: choosePatient, name, facts });
  });

  const register = document.getElementById("register");
  if (!register) return; // the role does not register patients
  part("register-open").addEventListener("click", (event) => {
    event.preventDefault();
    const address = part("register-open").getAttribute("href");
    const fields = document.getElementById("register-form");
    register.showModal();
    window.htmx
      .ajax("GET", address, { target: fields, swap: "innerHTML" })
      .then(() => focusFirst(fields));
  });
  register
    .querySelector("[data-register-close]")
    .addEventListener("click", () => register.close());
  document.addEventListener("patient-registered", (event) => {
    register.close();
    choose(event.detail);
  });
}
