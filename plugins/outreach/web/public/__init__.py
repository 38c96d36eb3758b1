"""The public app: unsubscribing, viewing a message in a browser, taking in events."""

from outreach.web.public.app import create_public_app

__all__ = ["create_public_app"]
