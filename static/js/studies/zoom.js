// Enlarging a picture: a dialog with a copy of it, and of the layers over it.

export function setUpZoom() {
  const dialog = document.getElementById("zoom");
  if (!dialog) return;
  const stage = dialog.querySelector("[data-zoom-stage]");
  const size = dialog.querySelector("[data-zoom-size]");

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (!button) return;
    stage.replaceChildren(enlarged(button));
    dialog.querySelector("#zoom-title").textContent = button
      .querySelector("img")
      .alt.replace(/, as it was received$/, "");
    setActualSize(false);
    dialog.showModal();
  });
  size.addEventListener("click", () => setActualSize(!stage.classList.contains("ns-zoom-actual")));
  dialog.querySelector("[data-zoom-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => stage.replaceChildren());

  function setActualSize(actual) {
    stage.classList.toggle("ns-zoom-actual", actual);
    size.setAttribute("aria-pressed", String(actual));
  }
}

function enlarged(button) {
  const layers = document.createElement("span");
  layers.className = "ns-layers";
  const picture = button.querySelector("img").cloneNode();
  picture.loading = "eager";
  picture.alt = "";
  layers.append(picture);
  const heatmap = button.querySelector("canvas");
  if (heatmap?.width) {
    const copy = document.createElement("canvas");
    copy.className = "ns-heatmap";
    copy.width = heatmap.width;
    copy.height = heatmap.height;
    copy.getContext("2d").drawImage(heatmap, 0, 0);
    layers.append(copy);
  }
  const regions = button.querySelector(".ns-regions");
  if (regions?.checkVisibility()) layers.append(regions.cloneNode(true));
  return layers;
}
