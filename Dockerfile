# The image of web, worker, trainer, scorer and clock. Build argument PIP_EXTRA_INDEX_URL: an index with PyTorch's smaller builds without CUDA.

FROM node:22-slim AS frontend
WORKDIR /build
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11-slim AS packages
ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /build
COPY pyproject.toml constraints.txt ./
# The dependencies alone: a change of our code leaves this layer as it is.
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" >requirements.txt
RUN python -m venv /opt/venv
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt -r requirements.txt

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 LABELAPP_ENV=production LABELAPP_DATA_DIR=/data
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent labelapp && install -d -o labelapp -g labelapp /data
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY manage.py gunicorn.conf.py pyproject.toml ./
COPY labelapp labelapp
COPY annotation annotation
COPY activelearning activelearning
COPY labelapp_client labelapp_client
COPY locale locale
COPY frontend/templates frontend/templates
COPY --from=frontend /build/dist frontend/dist
RUN python -m compileall -q labelapp annotation activelearning
RUN pybabel --quiet compile --directory locale --domain django
RUN python -m whitenoise.compress --quiet frontend/dist
USER labelapp
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-m", "labelapp.probe", "web"]
CMD ["gunicorn", "--bind", "0.0.0.0:8000"]
