"""Campaign copy -> variants with slots -> one person's message.

Rendering happens once per variant, not once per person: see `compile_campaign`, and
`rendering.compose` for joining a variant with one person's values.
"""

from outreach.rendering.compiled import (
    MAX_VARIANTS,
    Compiled,
    Slot,
    SlotKind,
    VariantKey,
    compile_campaign,
)
from outreach.rendering.values import EditionContext

__all__ = [
    "MAX_VARIANTS",
    "Compiled",
    "EditionContext",
    "Slot",
    "SlotKind",
    "VariantKey",
    "compile_campaign",
]
