"""The only place that composes the parts: what dags, the command line and pages call."""
