"""A fake SendGrid for the tests of providers."""

from tests.fakes.running import sendgrid_server

__all__ = ["sendgrid_server"]
