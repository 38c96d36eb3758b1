"""Outreach on one machine: Airflow, the public app and the drainer, started and stopped together.

For trying out and for development; production runs them as services (docker-compose.yaml).
"""
