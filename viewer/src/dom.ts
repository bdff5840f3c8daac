// The page that the server made: its elements, its facts, its voice.

import type { ColorMap } from "./heat";

export const page = document.body.dataset;
export const find = <T extends HTMLElement>(selector: string) =>
  document.querySelector<T>(selector)!;
export const all = <T extends HTMLElement>(selector: string) => [
  ...document.querySelectorAll<T>(selector),
];

/** The strip of colors from 0 to 1, as Python draws the stored overlays with. */
export function rampAddress(colors: ColorMap): string {
  return document.body.getAttribute(`data-ramp-${colors}`)!;
}

/** Read out by screen readers. */
export function announce(text: string): void {
  const line = document.createElement("p");
  line.textContent = text;
  find("#announcements").replaceChildren(line);
}

let fading = 0;

/** Announced and shown for a moment: a key did something easily overlooked, or nothing. */
export function tell(text: string): void {
  announce(text);
  const line = find("[data-announcement]");
  line.textContent = text;
  line.hidden = false;
  clearTimeout(fading);
  fading = window.setTimeout(() => {
    line.hidden = true;
  }, 4000);
}

/** It is not so any more. */
export function takeTellingBack(text: string): void {
  const line = find("[data-announcement]");
  if (line.textContent === text) line.hidden = true;
  const spoken = find("#announcements");
  if (spoken.textContent === text) spoken.replaceChildren();
}

/** A random UUID. `crypto.randomUUID` is only there with HTTPS, which a clinic's network may lack. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
