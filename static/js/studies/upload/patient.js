// Whose images they are: found by typing, or registered in a dialog without losing the files.

import { setUpCombobox } from "./combobox.js";

export function setUpPatient(form, { onChosen }) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const patientId = form.elements.patient;

  function choose({ id, name, facts }) {
    patientId.value = id;
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
    form.elements.patient_search.value = "";
    show(false);
    form.elements.patient_search.focus();
  });

  const register = document.getElementById("register");
  if (!register) return; // the role does not register patients
  part("register-open").addEventListener("click", (event) => {
    event.preventDefault();
    const address = part("register-open").getAttribute("href");
    window.htmx.ajax("GET", address, { target: "#register-form", swap: "innerHTML" });
    register.showModal();
  });
  register
    .querySelector("[data-register-close]")
    .addEventListener("click", () => register.close());
  document.addEventListener("patient-registered", (event) => {
    register.close();
    choose(event.detail);
  });
}
