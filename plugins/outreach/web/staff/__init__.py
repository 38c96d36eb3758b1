"""The staff pages, shown inside Airflow and behind its log-in."""
