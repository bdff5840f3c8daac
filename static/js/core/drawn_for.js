// For whom this page was drawn goes with all that it sends: the server compares it with who is
// signed in by then (accounts/drawn_for.py). Somebody may have signed in in another tab meanwhile.

import { person } from "./person.js";

const HEADER = "X-Drawn-For";
const FIELD = "drawn_for";

/** The headers of a request that writes. */
export const drawnFor = () => ({ [HEADER]: person() });

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers[HEADER] = person();
});

// Before any other script sees the form: one that sends it itself sends this as well.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const isWrite = (event.submitter?.formMethod || form.method) === "post";
    if (!isWrite || !person() || new URL(form.action).origin !== location.origin) return;
    let field = form.querySelector(`input[name=${FIELD}]`);
    if (!field) {
      field = Object.assign(document.createElement("input"), { type: "hidden", name: FIELD });
      form.append(field);
    }
    field.value = person();
  },
  { capture: true },
);
