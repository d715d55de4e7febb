# One image for every service of docker-compose.yml: workers, beat, web, and the command line.
#
# The base is named by version, not by digest: a digest can only be looked up where the registry of
# images is reached. Pin it when you build for production:
#   docker build --build-arg BASE=python:3.12-slim@sha256:... .
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src

# First what changes seldom. Every package is checked against its hash.
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.txt \
    && python -m venv /opt/boneflag \
    && /opt/boneflag/bin/pip install --require-hashes -r requirements.txt

# BoneFlag itself, without build isolation, which would fetch an unpinned setuptools.
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY fhir_profiles fhir_profiles
COPY service service
COPY workers workers
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/boneflag/bin/pip install --no-deps --no-index /wheels/*.whl \
    && /opt/boneflag/bin/pip uninstall --yes pip

FROM ${BASE}
COPY --from=build /opt/boneflag /opt/boneflag
# HOME is a tmpfs at run time: the root file system is read-only.
ENV PATH=/opt/boneflag/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
EXPOSE 8000

# Web is what the image runs when nothing else is said; docker-compose.yml asks the others otherwise.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=5)"]
CMD ["python", "-m", "uvicorn", "service.web.app:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--workers", "2"]
