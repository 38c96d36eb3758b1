"""Components of campaign copy: boxes, figures, steps, quotes and lists, written `::: name`.

A component is one file here and one line of `COMPONENTS`. `tokens` renders them, `scan` finds
what is wrong with them in a file, `written` writes the two out that stand for more copy.
"""

from outreach.rendering.components.area_fact import AREA_FACT
from outreach.rendering.components.base import Component
from outreach.rendering.components.callout import CALLOUT
from outreach.rendering.components.figure import FIGURE
from outreach.rendering.components.quote import QUOTE
from outreach.rendering.components.resources import RESOURCES
from outreach.rendering.components.steps import STEPS

COMPONENTS: dict[str, Component] = {
    one.name: one for one in (CALLOUT, FIGURE, STEPS, QUOTE, RESOURCES, AREA_FACT)
}

__all__ = ["COMPONENTS", "Component"]
