"""A real press: the mouse, in the middle of what is drawn, in the window and in reach."""

from playwright.sync_api import Locator, Page, expect

# Of what stands in a frame, as the viewer beside a report, the frame's own document knows the top.
_ON_TOP = """(element, [x, y]) => {
  const frame = window.frameElement;
  if (frame) {
    const box = frame.getBoundingClientRect();
    [x, y] = [x - box.left - frame.clientLeft, y - box.top - frame.clientTop];
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return false;
  }
  const found = document.elementFromPoint(x, y);
  return found !== null && (element === found || element.contains(found));
}"""


# The middle of what stands still: a page that is still scrolling moves it from under the mouse.
_STANDS_STILL = """(element) => new Promise((done) => {
  let before = null;
  let left = 120;
  const look = () => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const now = `${x} ${y} ${width} ${height}`;
    if (now === before || !left--) return done();
    before = now;
    requestAnimationFrame(() => requestAnimationFrame(look));
  };
  look();
})"""


def press(page: Page, target: Locator) -> None:
    """Press it where it is drawn. Fails where it is out of the window or covered."""
    page.mouse.click(*expect_pressable(page, target))


def expect_pressable(page: Page, target: Locator) -> tuple[float, float]:
    """Expect it whole in the window and covered by nothing; returns its middle."""
    expect(target).to_be_visible()
    target.evaluate(_STANDS_STILL)
    box = target.bounding_box()
    size = page.viewport_size
    assert box is not None
    assert size is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    is_whole = box["x"] >= 0 and box["y"] >= 0
    is_whole &= box["x"] + box["width"] <= size["width"] + 1
    is_whole &= box["y"] + box["height"] <= size["height"] + 1
    assert is_whole, f"{target} is at {x:.0f}, {y:.0f}, out of the window"
    assert target.evaluate(_ON_TOP, [x, y]), f"{target} is covered at {x:.0f}, {y:.0f}"
    return x, y


def show_large_image(page: Page) -> None:
    """Bring the large image of the study page into the window: the keys are for what is there."""
    picture = page.locator("#images .ns-picture:visible").first
    picture.evaluate("(image) => image.scrollIntoView({ block: 'center' })")
    expect_on_screen(picture)


def expect_on_screen(picture: Locator) -> None:
    """Expect it drawn, standing still, and its middle in the window: what the keys go by."""
    expect(picture).to_have_js_property("complete", True)
    expect(picture).to_be_in_viewport()
    picture.evaluate(_STANDS_STILL)
    assert picture.evaluate(
        """(image) => {
          const { top, bottom } = image.getBoundingClientRect();
          return (top + bottom) / 2 > 0 && (top + bottom) / 2 < innerHeight;
        }"""
    ), "The middle of the picture is out of the window"
