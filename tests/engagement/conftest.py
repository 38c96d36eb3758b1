"""A ledger with an edition in it, and a fake SendGrid."""

from tests.fakes.ledger import ledger
from tests.fakes.running import sendgrid_server

__all__ = ["ledger", "sendgrid_server"]
