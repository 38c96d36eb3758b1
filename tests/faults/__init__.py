"""Fault injection: real senders, a SendGrid-shaped server, and everything that can go wrong.

`python -m tests.faults --help`; the short form of it is tests/faults/test_faults.py.
"""
