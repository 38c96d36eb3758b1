"""Two web apps: staff (behind the log-in of Airflow) and public (runs on its own)."""
