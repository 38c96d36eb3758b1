"""When things are sent: timetables, working days, quiet hours, freezes, steps after a pledge.

Pure: no Airflow, no network, no clock, no ledger.
"""
