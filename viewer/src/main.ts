// Opens the viewer: reads the page, the study and the reader's preferences, and starts.

import { connect, SignedOut } from "./api";
import { find, page } from "./dom";
import { isAsBesideReport, isFramed } from "./framing";
import { Preferences } from "./preferences";
import { startCornerstone } from "./renderers/cornerstone";
import { Status } from "./status";
import { openStudy } from "./studies";
import { Viewer } from "./viewer";

connect({ root: page.api!, csrfCookie: page.csrfCookie!, csrfToken: page.csrf! });
const status = new Status(find("[data-saved]"), find("[data-notices]"), page.signIn!);

async function start(): Promise<void> {
  if (!isAsBesideReport()) return; // it is loaded again
  const loading = Promise.all([openStudy(page.studyUrl!, 0), Preferences.read(page.preferences!)]);
  const hasGraphics = startCornerstone(); // meanwhile
  new Viewer(...(await loading), status, hasGraphics);
}

start().catch((error) => {
  // Back here after the sign-in, whose page stands in no frame.
  if (error instanceof SignedOut && isFramed) status.askToSignIn(() => location.reload());
  else if (error instanceof SignedOut) location.reload();
  else
    status.notice(
      "start",
      "The study could not be loaded. Check the network, then reload the page.",
    );
  console.info(error);
});
