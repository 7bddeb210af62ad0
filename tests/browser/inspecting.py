"""What is wrong with a page as the browser shows it."""

from tests.servers import ROOT

AXE_VERSION = "4.14.1"
AXE = (ROOT / "tests" / "data" / "axe.min.js").read_text()
LEFT_OUT = {
    "color-contrast-enhanced": "level AAA, which no page of this kind promises",
    "p-as-heading": "an experiment, which takes a large number for a heading",
}
RUN_AXE = """
async (leftOut) => {
  const rules = Object.fromEntries(axe.getRules().map(({ ruleId }) => [ruleId, { enabled: true }]))
  for (const rule of leftOut) rules[rule].enabled = false
  const found = await axe.run(document, { rules, resultTypes: ["violations"] })
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, any, all, none }) =>
      `${id}: ${target} ${[...any, ...all, ...none].map((each) => each.message)}`))
}
"""
OVERFLOW = """
() => {
  const { scrollWidth, clientWidth } = document.documentElement
  return scrollWidth > clientWidth ? [`${scrollWidth} px wide in a window of ${clientWidth}`] : []
}
"""
# Space for a picture is kept before it is there, so that nothing jumps.
UNSIZED = """
() => [...document.images]
  .filter((each) => getComputedStyle(each).aspectRatio === "auto")
  .filter((each) => getComputedStyle(each.parentElement).aspectRatio === "auto")
  .map((each) => `no space is kept for ${each.src}`)
"""


def findings(page):
    """What axe finds in a page, and what is seen of its layout."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(RUN_AXE, list(LEFT_OUT)) + seen(page)


def seen(page):
    """Sideways scrolling, pictures that make a page jump, and violations."""
    return [
        each for look in (OVERFLOW, UNSIZED, "() => violations") for each in page.evaluate(look)
    ]
