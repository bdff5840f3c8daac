// A form that posts is sent once: a second Enter, or a second press, while the first is on its way does
// nothing. The answer to the second would be shown in place of the first's: "This MRN belongs to …".
//
// On every page. Forms that htmx sends are free again when the answer is there; those that a script sends
// itself look after that themselves, until they are sent by the browser. One whose answer is a file says so:
// the page stays as it is, and nothing tells it when the file is there (`data-answers-with-a-file`).

const PATIENCE = 300; // ms before it is said that it is being sent: most are answered by then
const GIVEN_UP = 30_000; // ms after which it may be sent again: the browser may have been told to stop
const underWay = new Map(); // form -> puts it back as it was

const isPost = (form, button) =>
  (button?.getAttribute("formmethod") ?? form.getAttribute("method") ?? "get").toLowerCase() === "post";

function begin(form, button) {
  underWay.get(form)?.();
  let before = null;
  button?.setAttribute("aria-disabled", "true");
  const saying = setTimeout(() => {
    if (button?.tagName !== "BUTTON" || !button.isConnected) return;
    before = [...button.childNodes];
    button.style.minWidth = `${button.offsetWidth}px`; // what stands beside it does not move
    button.replaceChildren("Sending …");
  }, PATIENCE);
  const givenUp = setTimeout(() => end(form), GIVEN_UP);
  underWay.set(form, () => {
    clearTimeout(saying);
    clearTimeout(givenUp);
    button?.removeAttribute("aria-disabled");
    if (!before) return;
    button.replaceChildren(...before);
    button.style.minWidth = "";
  });
}

function end(form) {
  underWay.get(form)?.();
  underWay.delete(form);
}

// On its way down, before htmx and the scripts of a page hear of it.
addEventListener(
  "submit",
  (event) => {
    if (!underWay.has(event.target)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);

// Last of all: nobody has taken it back, so the browser sends it.
addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if ("answersWithAFile" in form.dataset) return;
  if (!event.defaultPrevented && isPost(form, submitter)) begin(form, submitter);
});

const sentForm = ({ requestConfig }) => {
  const isSubmit = requestConfig?.triggeringEvent?.type === "submit" && requestConfig.verb !== "get";
  return isSubmit && requestConfig.elt instanceof HTMLFormElement ? requestConfig.elt : null;
};

document.addEventListener("htmx:beforeRequest", (event) => {
  const form = sentForm(event.detail);
  // One that another script holds back is not on its way.
  if (form) queueMicrotask(() => event.defaultPrevented || begin(form, event.detail.requestConfig.triggeringEvent.submitter));
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = sentForm(detail);
  // Where another page follows, that is the answer.
  const goesOn = ["HX-Redirect", "HX-Refresh"].some((name) => detail.xhr?.getResponseHeader(name));
  if (form && !goesOn) end(form);
});

// Back to this page, as the browser kept it.
addEventListener("pageshow", () => {
  for (const form of [...underWay.keys()]) end(form);
});
