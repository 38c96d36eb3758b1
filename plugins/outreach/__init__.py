"""Outreach: tailored campaigns from pledge sign-ups to a balanced certificate."""
