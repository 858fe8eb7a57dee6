# syntax=docker/dockerfile:1
# Trazo in one image: `docker build -t trazo .`, then compose.yaml or docs/deploy.md.
# Building and running use the same base, so that what is compiled for one fits the other.
FROM python:3.12-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.txt .
# Compiled here, once: the root of the running container cannot be written.
RUN /opt/venv/bin/pip install --compile -r requirements.txt

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRAZO_WORKSPACE=/workspace \
    HOME=/tmp \
    HOST=0.0.0.0 \
    PORT=8501
# 1000 is also the user that Hugging Face Spaces runs images as.
RUN useradd --uid 1000 --no-create-home --home-dir /tmp trazo \
    && install --directory --owner=trazo --group=trazo /workspace
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml ./
COPY .streamlit/config.toml .streamlit/
COPY models models
COPY core core
COPY dashboard dashboard
RUN python -m compileall -q core dashboard
USER 1000
VOLUME /workspace
EXPOSE 8501
# Alive and able to read digits; a dashboard that only starts answers 503.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/api/health', timeout=4)"]
# A signal reaches the dashboard itself, which ends at once.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "dashboard"]
