# One image for every service: Airflow's components, the public app and the drainer.
FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 50000 outreach \
    && mkdir -p /opt/outreach /var/lib/outreach \
    && chown outreach /var/lib/outreach

WORKDIR /opt/outreach

# The locked dependencies first: they change seldom, so that this layer is kept.
COPY requirements.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt

COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e .

ENV AIRFLOW_HOME=/var/lib/outreach/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/outreach/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/outreach/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    OUTREACH_HOME=/var/lib/outreach \
    PYTHONUNBUFFERED=1

USER outreach
CMD ["airflow", "version"]
