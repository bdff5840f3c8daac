// Shift+W on the study page opens the study's report, as in the viewer: to write it, or to read it.

import { isFrozen } from "./freeze.js";

document.addEventListener("keydown", (event) => {
  if (!event.shiftKey || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key.toLowerCase() !== "w" || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input:not([type=radio], [type=checkbox]), select, textarea")) return;
  const way = document.querySelector("[data-report-open]");
  if (!way || isFrozen()) return;
  event.preventDefault();
  // A link may lead to all versions: the key opens the one that holds.
  if (way.dataset.reportOpen) location.assign(way.dataset.reportOpen);
  else way.click();
});
