# The explorer for a course: docker build -t referred-pain . && docker run -p 5006:5006 referred-pain
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE LICENSE-DATA ./
COPY explorer explorer
COPY data data
COPY meshes meshes
RUN python -m venv /opt/explorer && /opt/explorer/bin/pip install --no-cache-dir .

FROM python:3.12-slim
# VTK loads these at import; nothing is drawn on the server
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libxrender1 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home explorer
COPY --from=build /opt/explorer /opt/explorer
USER explorer
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 5006
HEALTHCHECK --start-period=30s CMD ["/opt/explorer/bin/python", "-c", "import urllib.request as u; u.urlopen('http://localhost:5006/health', timeout=3)"]
ENTRYPOINT ["/opt/explorer/bin/referred-pain", "serve", "--address", "0.0.0.0", "--port", "5006", "--no-browser"]
CMD ["--num-procs", "0"]
