// The strip of images on the study page: the arrow keys step through it, and others ask which image
// is the large one. An image counts as shown once its picture is drawn, not when it was asked for.

let wanted = ""; // id of the image that is on its way
let isStepping = false; // by the keys: it is then brought into the window

const cardShown = () => document.querySelector("#images .ns-image-card");
const links = () => [...document.querySelectorAll(".ns-strip-image")];

/** The picture of the large image; what stands there for a page without scripts is none. */
function pictureOf(card) {
  return [...(card?.querySelectorAll(".ns-picture") || [])].find((one) => !one.closest("noscript"));
}

function isInWindow(picture) {
  const box = picture.getBoundingClientRect();
  const middle = (box.top + box.bottom) / 2;
  return middle > 0 && middle < window.innerHeight;
}

/** The large image as { image, analysis }; null while it is not on the screen. */
export function imageShown() {
  const card = cardShown();
  const picture = pictureOf(card);
  if (wanted || !picture?.complete || !picture.naturalWidth || !isInWindow(picture)) return null;
  return { image: card.dataset.image, analysis: card.dataset.analysis };
}

/** A verdict keeps which images were on the screen (shown_images.js). */
export function tellShown() {
  const shown = imageShown();
  if (!shown) return;
  const detail = { image: shown.image };
  document.dispatchEvent(new CustomEvent("image-on-screen", { detail }));
}

/** Bring the large image into the window, at once: the next key is for what is there. */
export function bringIntoSight() {
  const picture = pictureOf(cardShown());
  if (picture && !isInWindow(picture)) {
    picture.scrollIntoView({ block: "center", behavior: "instant" });
  }
}

/** After an act whose button may have gone: the next key is the image's. */
export function focusImage() {
  const card = cardShown();
  if (!card) return;
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
}

/** Show this image large. */
export function showImage(image) {
  if (image === (wanted || cardShown()?.dataset.image)) return;
  links().find((link) => link.dataset.image === image)?.click();
}

/** Show the image before (-1) or after (1) large. */
export function step(by) {
  const found = links();
  const now = wanted || cardShown()?.dataset.image;
  const next = found[found.findIndex((link) => link.dataset.image === now) + by];
  if (!next) return;
  isStepping = true;
  next.click();
}

function asked(event) {
  const { target, pathInfo, requestConfig } = event.detail;
  if (target?.id !== "images") return null;
  const path = pathInfo?.requestPath || requestConfig?.path || "";
  return new URL(path, window.location.href).searchParams.get("image");
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const image = asked(event);
  if (image) wanted = image;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!wanted || asked(event) !== wanted) return;
  wanted = "";
  if (isStepping) bringIntoSight();
  isStepping = false;
});

const steps = { ArrowLeft: -1, ArrowRight: 1 };

document.addEventListener("keydown", (event) => {
  const by = steps[event.key];
  if (!by || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  // Among the choices of a group they move the focus (choices_by_key.js).
  if (event.target.closest?.("input, select, textarea, dialog, [role=region]")) return;
  if (document.querySelector("dialog[open]") || links().length < 2) return;
  event.preventDefault();
  step(by);
});

// Whatever brings it into the window: scrolling, a picture that arrives, what stands above it and goes.
const inSight = new IntersectionObserver(tellShown, { threshold: [0, 0.5, 1] });

document.addEventListener("scroll", tellShown, { capture: true, passive: true });
document.addEventListener("load", tellShown, { capture: true });
document.addEventListener("htmx:load", () => {
  inSight.disconnect();
  const picture = pictureOf(cardShown());
  if (picture) inSight.observe(picture);
});
