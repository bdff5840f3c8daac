// One file to the server, with progress. Resolves with what became of it; never rejects.

import { drawnFor } from "../../core/drawn_for.js";

const SIGNED_OUT = "You are no longer signed in. Sign in again in another tab, then retry.";
const NO_NETWORK = "The server could not be reached. Check the network, then retry.";

/**
 * Send one file. `onProgress` gets percents; `signal` aborts it.
 *
 * Resolves with { outcomes, studyUrl, completeUrl } or { problem: sentence } (worth a retry) or
 * { cancelled: true }.
 */
export function send({ url, file, fields, onProgress, signal }) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("file", file, file.name);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    for (const [name, value] of Object.entries(drawnFor())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress((100 * event.loaded) / event.total);
    });
    request.addEventListener("load", () => resolve(resultOf(request, url)));
    request.addEventListener("error", () => resolve({ problem: NO_NETWORK }));
    request.addEventListener("abort", () => resolve({ cancelled: true }));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function resultOf(request, url) {
  if (new URL(request.responseURL).pathname !== url) return { problem: SIGNED_OUT };
  let response = {};
  try {
    response = JSON.parse(request.responseText);
  } catch {
    const isSentence = request.getResponseHeader("Content-Type")?.startsWith("text/plain");
    if (isSentence) response = { detail: request.responseText };
  }
  if (request.status === 200 && response.outcomes) {
    const { outcomes, study_url: studyUrl, complete_url: completeUrl } = response;
    return { outcomes, studyUrl, completeUrl };
  }
  if (request.status === 403 && !response.detail) return { problem: SIGNED_OUT };
  const otherwise = `The server answered with an error (${request.status}). Retry in a minute.`;
  return { problem: response.detail || otherwise };
}

/**
 * Say that all images of a study are there. Where it does not arrive, the study counts as arrived
 * after a quiet time; so nobody has to know.
 */
export async function complete(url) {
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken(), ...drawnFor() };
  try {
    await fetch(url, { method: "POST", headers, keepalive: true });
  } catch {
    // The quiet time does it.
  }
}

/** From the cookie, because signing in again in another tab changes it. */
function csrfToken() {
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie);
  return cookie ? cookie[1] : document.querySelector("[name=csrfmiddlewaretoken]").value;
}
