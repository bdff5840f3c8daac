// "Signed: … This is the next study." names the patient before: it goes with the first act on this study, once it
// could be read. Without one it goes by itself (static/css/viewer/room.css).

const READABLE = 3000; // milliseconds
const NO_ACT = new Set(["Shift", "Control", "Alt", "Meta", "Tab"]);

export function leaveTold(): void {
  const told = document.querySelector<HTMLElement>("[data-told]");
  if (!told?.childElementCount || told.querySelector(".vw-told-error, .vw-told-warning")) return;
  const since = performance.now();
  const acts = new AbortController();
  const act = (event: Event) => {
    if (event instanceof KeyboardEvent && (event.repeat || NO_ACT.has(event.key))) return;
    acts.abort();
    const left = READABLE - (performance.now() - since);
    window.setTimeout(() => told.replaceChildren(), Math.max(0, left));
  };
  for (const kind of ["keydown", "pointerdown", "wheel"]) {
    document.addEventListener(kind, act, { capture: true, passive: true, signal: acts.signal });
  }
}
