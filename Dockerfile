# Two images from one file: `web` (web server, scheduler, commands; neither TensorFlow nor OpenVINO)
# and `worker`.
#   docker build --target web --tag neuroscan-web .
#   docker build --target worker --tag neuroscan-worker .

FROM python:3.13-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/venv/bin:$PATH \
    HOME=/tmp \
    NEUROSCAN_DATA_DIR=/data \
    NEUROSCAN_STATIC_ROOT=/app/static-collected
RUN groupadd --system --gid 10001 neuroscan \
    && useradd --system --uid 10001 --gid neuroscan --no-create-home --home-dir /tmp neuroscan \
    # Volumes that are mounted here take over this owner.
    && mkdir -p /data/releases /data/media \
    && chown -R neuroscan:neuroscan /data \
    && chmod 0700 /data /data/releases /data/media
WORKDIR /app

# --- What is installed; the requirements alone, so that a change of code rebuilds none of it -------

FROM base AS web-packages
COPY requirements-web.txt constraints.txt ./
RUN python -m venv /venv && pip install --no-cache-dir --disable-pip-version-check -r requirements-web.txt

FROM web-packages AS worker-packages
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

# --- The images -----------------------------------------------------------------------------------

FROM base AS web
COPY --from=web-packages /venv /venv
COPY . .
# Any key does for collecting files; it is not kept.
RUN SECRET_KEY=only-for-this-step NEUROSCAN_DATA_DIR=/tmp/build \
    python manage.py collectstatic --no-input --verbosity 0 && rm -rf /tmp/build
USER neuroscan
EXPOSE 8000
ENV NEUROSCAN_BIND=0.0.0.0
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn"]

FROM base AS worker
COPY --from=worker-packages /venv /venv
COPY . .
USER neuroscan
# The model takes a while to load; then the worker reports every ten seconds.
HEALTHCHECK --interval=60s --timeout=20s --start-period=180s --retries=3 \
    CMD ["python", "manage.py", "worker_alive"]
CMD ["celery", "--quiet", "--app", "neuroscan_site", "worker", "--queues", "celery,upkeep", "--pool", "prefork", "--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"]
