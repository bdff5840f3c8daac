// Choosing a patient: a combobox with a list box, after WAI-ARIA's authoring practices.

const PATIENCE = 200; // ms between a key and the request to the server

export function setUpCombobox({ root, optionsUrl, onChoose }) {
  const input = root.querySelector("input");
  const list = root.querySelector("[data-options]");
  const status = root.querySelector("[data-options-status]");
  let timer = 0;
  let leaving = 0;
  let newest = 0;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll("[data-patient]")];
  const active = () => list.querySelector('[aria-selected="true"]');

  function close() {
    clearTimeout(timer);
    newest += 1; // a response under way comes too late
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function open() {
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function activate(option) {
    active()?.setAttribute("aria-selected", "false");
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  }

  function choose(option) {
    close();
    onChoose({ id: option.dataset.patient, name: option.dataset.name, facts: option.dataset.facts });
  }

  async function ask() {
    const mine = ++newest;
    const address = `${optionsUrl}?${new URLSearchParams({ q: input.value })}`;
    let markup = "";
    try {
      const response = await fetch(address, { headers: { "HX-Request": "true" } });
      if (!response.ok || response.redirected) throw new Error(`status ${response.status}`);
      markup = await response.text();
    } catch {
      if (mine === newest) status.textContent = "The list of patients could not be loaded.";
      return;
    }
    if (mine !== newest) return;
    list.innerHTML = markup;
    input.removeAttribute("aria-activedescendant");
    const count = options().length;
    status.textContent = count === 1 ? "1 patient found." : `${count} patients found.`;
    open();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PATIENCE);
  });
  input.addEventListener("click", () => list.hidden && ask());
  input.addEventListener("blur", () => (leaving = setTimeout(close, 150)));
  input.addEventListener("focus", () => clearTimeout(leaving)); // back at once: what is typed is asked for
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the input keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-patient]");
    if (option) choose(option);
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(active());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) {
        ask();
        return;
      }
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate(all[(at + step + all.length) % all.length] ?? all[0]);
    } else if (event.key === "Enter") {
      event.preventDefault(); // never sends the form by accident
      if (!list.hidden && at >= 0) choose(all[at]);
      else if (!list.hidden && all.length === 1) choose(all[0]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
}
