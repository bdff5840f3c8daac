// Whether the viewer stands in a frame beside the report that is written, and what is different there.

import { page } from "./dom";

export const isFramed = window.parent !== window;

/** A link leads out of the frame: no other page may stand in it. */
export function leadOutOfFrame(): void {
  if (!isFramed) return;
  document.addEventListener(
    "click",
    (event) => {
      const link = (event.target as Element).closest?.<HTMLAnchorElement>("a[href]");
      if (!link || link.target || link.getAttribute("href")!.startsWith("#")) return;
      link.target = "_blank";
      link.rel = "noopener";
    },
    { capture: true },
  );
}

/** Tells the page around it. */
export function tellReport(what: string, detail: unknown): void {
  if (isFramed)
    window.parent.postMessage({ neuroscan: what, study: page.study, detail }, location.origin);
}

/** The page as it stands beside a report, where it came as another one: it offers no other study. */
export function isAsBesideReport(): boolean {
  if (!isFramed || page.framed !== undefined) return true;
  const address = new URL(location.href);
  address.searchParams.set("in", "report");
  location.replace(address);
  return false;
}
