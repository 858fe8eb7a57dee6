# syntax=docker/dockerfile:1
# Trazo in one image. Build it with `docker build -t trazo .`; see compose.yaml and docs/deploy.md to run it.
# Both stages use the same base image, so that compiled packages run in the second.
FROM python:3.12-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv /opt/venv
# compose.cluster.yaml sets requirements-cluster.txt, which adds Ray and PostgreSQL's client.
ARG REQUIREMENTS=requirements.txt
COPY requirements*.txt ./
# Compile now: the running container cannot write to its root file system.
RUN /opt/venv/bin/pip install --compile -r ${REQUIREMENTS}

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TRAZO_WORKSPACE=/workspace \
    HOME=/tmp \
    HOST=0.0.0.0 \
    PORT=8501
# Hugging Face Spaces runs images as user 1000.
RUN useradd --uid 1000 --no-create-home --home-dir /tmp trazo \
    && install --directory --owner=trazo --group=trazo /workspace
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml ./
COPY .streamlit/config.toml .streamlit/
COPY models models
COPY core core
COPY dashboard dashboard
RUN python -m compileall -q core dashboard \
    && python -m core.catalogues
USER 1000
VOLUME /workspace
EXPOSE 8501
# Healthy once it can read digits; until then it answers 503.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/api/health', timeout=4)"]
# No shell in between: the dashboard gets the signal itself and stops at once.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "dashboard"]
