// What keys and buttons do with the page around the images.

import { find } from "./dom";
import { isFramed } from "./framing";
import { refuse } from "./refusing";

export function openReport(): void {
  const one = document.querySelector<HTMLElement>("[data-report-open]");
  if (one) one.click();
  else refuse("There is no report to write or to read here now.");
}

export function nextStudy(): void {
  if (isFramed) refuse("The report of this study is being written beside. Sign or leave it first.");
  else find<HTMLFormElement>("[data-next-form]")?.requestSubmit();
}

export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else
    await document.documentElement
      .requestFullscreen()
      .catch(() => refuse("This browser does not allow full screen."));
}
