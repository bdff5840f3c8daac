// The study page: a heatmap over each image, one choice of opacity and colors for all of them.

import { heatIn, painted, pixelsOf } from "../analyses/heatmap.js";
import { setUpZoom } from "./zoom.js";

const KEY = "neuroscan-heatmap";
const LONGEST = 1024; // pixels of the canvas; a heatmap is smooth, the picture below is not scaled
// Whether it is on is asked anew on each page: the clinic says how a study opens.
const choice = { opacity: 50, colors: 0, ...remembered(), on: null };
let peeking = false; // H is held
const heats = new WeakMap(); // viewer -> its heatmap
const painteds = new WeakMap(); // viewer -> { colors, painted }
const ramps = new Map(); // address of a color map -> promise of its colors

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}

function remember() {
  try {
    const { opacity, colors } = choice;
    localStorage.setItem(KEY, JSON.stringify({ opacity, colors }));
  } catch {
    // then it holds for this page only
  }
}

function addressesOf(viewer) {
  return viewer.dataset.colorMaps.split(" ");
}

/** An image that is loaded and decoded. */
async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

function rampOf(address) {
  if (!ramps.has(address)) ramps.set(address, loaded(address).then((strip) => pixelsOf(strip).data));
  return ramps.get(address);
}

/** Draw the painted heatmap on a canvas with an overall opacity from 0 to 1. */
function draw(canvas, layer, opacity) {
  canvas.width = layer.width;
  canvas.height = layer.height;
  const context = canvas.getContext("2d");
  context.globalAlpha = opacity;
  context.drawImage(layer, 0, 0);
}

async function show(viewer) {
  const heat = heats.get(viewer);
  if (!heat) return; // not in sight yet
  const ramp = await rampOf(addressesOf(viewer)[choice.colors]);
  let known = painteds.get(viewer);
  if (known?.colors !== choice.colors) {
    known = { colors: choice.colors, painted: painted(heat, ramp) };
    painteds.set(viewer, known);
  }
  const canvas = viewer.querySelector("[data-heatmap-canvas]");
  const opacity = choice.on || peeking ? choice.opacity : 0;
  draw(canvas, known.painted, opacity / 100);
  canvas.dataset.drawn = `${opacity} ${choice.colors}`;
  // What a verdict keeps as "on screen".
  if (opacity) announceHeatmap();
}

function announceHeatmap() {
  const { study } = document.querySelector("[data-verdict]")?.dataset ?? {};
  document.dispatchEvent(new CustomEvent("ai-layers", { detail: { study, layers: ["heatmap"] } }));
}

function showControls(viewer) {
  viewer.querySelector("[data-heatmap-on]").checked = choice.on;
  viewer.querySelector("[data-heatmap-opacity]").value = choice.opacity;
  viewer.querySelector("[data-heatmap-opacity-value]").textContent = `${choice.opacity}\u00a0%`;
  viewer.querySelector("[data-heatmap-colors]").value = choice.colors;
  viewer.querySelector("[data-heatmap-legend]").src = addressesOf(viewer)[choice.colors];
}

function choose(change) {
  Object.assign(choice, change);
  remember();
  for (const viewer of document.querySelectorAll("[data-viewer]")) {
    showControls(viewer);
    show(viewer);
  }
}

const inSight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      inSight.unobserve(entry.target);
      load(entry.target);
    }
  },
  { rootMargin: "400px" },
);

async function load(viewer) {
  try {
    heats.set(viewer, heatIn(pixelsOf(await loaded(viewer.dataset.heatmap), LONGEST)));
  } catch {
    viewer.querySelector("[data-heatmap-failed]").hidden = false;
    return;
  }
  await show(viewer);
}

function setUp(root) {
  const found = [...root.querySelectorAll("[data-viewer]")];
  if (root.matches?.("[data-viewer]")) found.push(root);
  for (const viewer of found) {
    if (viewer.dataset.ready) continue;
    viewer.dataset.ready = "yes";
    choice.on ??= "heatmapAtFirst" in viewer.dataset;
    showControls(viewer);
    inSight.observe(viewer);
  }
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-heatmap-on]")) choose({ on: event.target.checked });
  if (event.target.matches("[data-heatmap-opacity]")) {
    choose({ opacity: Number(event.target.value), on: true });
  }
  if (event.target.matches("[data-heatmap-colors]")) choose({ colors: Number(event.target.value) });
});

function peek(now) {
  if (peeking === now) return;
  peeking = now;
  for (const viewer of document.querySelectorAll("[data-viewer]")) show(viewer);
}

document.addEventListener("keydown", (event) => {
  const writes = event.target.closest?.("input:not([type=radio], [type=checkbox]), select, textarea");
  if (writes || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.key.toLowerCase() === "h") peek(true);
});
document.addEventListener("keyup", (event) => {
  if (event.key.toLowerCase() === "h") peek(false);
});
window.addEventListener("blur", () => peek(false));

document.addEventListener("htmx:load", (event) => setUp(event.detail.elt));

/** The chosen thumbnail is in the middle of its strip. */
function center() {
  const list = document.querySelector(".ns-strip-images");
  const chosen = list?.querySelector("[aria-current]");
  if (chosen) list.scrollLeft = chosen.offsetLeft + (chosen.offsetWidth - list.clientWidth) / 2;
}
document.addEventListener("htmx:load", center);
setUp(document);
setUpZoom();
