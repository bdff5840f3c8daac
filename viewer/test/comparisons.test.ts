import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { OutOfReach, send } from "../src/api";
import { Comparisons } from "../src/comparisons";
import type { Viewport } from "../src/viewport";

// The page, as the modules read it while they load.
vi.hoisted(() => {
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", { body: { dataset: {} } });
});

vi.mock(import("../src/api"), async (original) => ({ ...(await original()), send: vi.fn() }));

const asked = vi.mocked(send);
const shows = (study: string, image: string | null) =>
  ({ onScreen: image && { id: image }, stack: { study: { info: { id: study } } } }) as Viewport;
const settled = () => new Promise((go) => setTimeout(go));

describe("what was on the screen beside the study being read", () => {
  const fault = vi.fn();
  let comparisons: Comparisons;

  beforeEach(() => {
    const window = {};
    vi.stubGlobal("window", Object.assign(window, { parent: window }));
    vi.stubGlobal("document", new EventTarget());
    vi.resetAllMocks();
    asked.mockResolvedValue({});
    comparisons = new Comparisons("read", fault);
  });

  afterAll(() => void vi.unstubAllGlobals());

  it("is recorded once, as it is drawn", async () => {
    for (const image of ["1", "2"]) comparisons.drawn(shows("prior", image));
    await settled();
    expect(asked).toHaveBeenCalledExactlyOnceWith("/api/v1/studies/read/comparisons/", {
      other: "prior",
    });
  });

  it("is neither the study itself nor one that is opened and not drawn", async () => {
    comparisons.drawn(shows("read", "1"));
    comparisons.drawn(shows("prior", null));
    await settled();
    expect(asked).not.toHaveBeenCalled();
  });

  it("is recorded with the next image where the server was away", async () => {
    const away = new OutOfReach("away");
    asked.mockRejectedValueOnce(away);
    comparisons.drawn(shows("prior", "1"));
    await settled();
    expect(fault).toHaveBeenCalledExactlyOnceWith(away);
    comparisons.drawn(shows("prior", "2"));
    await settled();
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
