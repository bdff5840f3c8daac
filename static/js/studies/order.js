// The order of a series' images: dragged, typed, reversed or by file name. The numbers are what is
// sent; without this script each can be typed as well.

const list = document.querySelector("[data-images]");
const said = document.querySelector("[data-said]");
const byName = new Intl.Collator("en", { numeric: true });
let dragged = null;

const items = () => [...list.children];
const numberOf = (item) => item.querySelector("[name=number]");

function renumber() {
  for (const [at, item] of items().entries()) numberOf(item).value = at + 1;
}

function place(ordered) {
  list.append(...ordered);
  renumber();
}

list.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("li");
  dragged.dataset.dragged = "";
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", ""); // Firefox drags nothing without it
});

list.addEventListener("dragover", (event) => {
  const over = event.target.closest("li");
  if (!dragged) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const all = items();
  const isBehind = all.indexOf(over) > all.indexOf(dragged);
  over[isBehind ? "after" : "before"](dragged);
});

list.addEventListener("drop", (event) => event.preventDefault());

list.addEventListener("dragend", () => {
  delete dragged.dataset.dragged;
  renumber();
  tell(dragged);
  dragged = null;
});

list.addEventListener("change", (event) => {
  const item = event.target.closest("li");
  const number = Number(event.target.value);
  if (!Number.isInteger(number) || number < 1) return; // the server says what is wrong with it
  const others = items().filter((one) => one !== item);
  others.splice(number - 1, 0, item);
  place(others);
  event.target.focus();
  tell(item);
});

document.querySelector("[data-reverse]").addEventListener("click", () => {
  place(items().reverse());
  said.textContent = "The order is reversed.";
});

document.querySelector("[data-by-name]").addEventListener("click", () => {
  place(items().sort((one, other) => byName.compare(one.dataset.name, other.dataset.name)));
  said.textContent = "The images stand in the order of their file names.";
});

function tell(item) {
  said.textContent = `${item.dataset.name} is number ${numberOf(item).value} now.`;
}
