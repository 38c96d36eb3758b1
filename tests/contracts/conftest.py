"""A fake SendGrid for the contract suites."""

from tests.fakes.running import sendgrid_server

__all__ = ["sendgrid_server"]
