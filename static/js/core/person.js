// For whom this page was drawn (templates/core/_head.html): in another tab, or after it in this one, somebody
// else may sign in. Pages load this file as it is; the viewer's bundle has it built in.

/**
 * The id of a person, "" on a page for nobody.
 *
 * @param {Document} [page] another page than this one, as a frame or an answer holds it
 */
export function person(page = document) {
  /** @type {HTMLMetaElement | null} */
  const meta = page.querySelector("meta[name=drawn-for]");
  return meta?.content || "";
}
