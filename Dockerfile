# The newest image when this was written. The program runs the same on 2.9.6,
# which the project's tests use: deploy/rehearse.sh tries either.
FROM denoland/deno:2.9.1

ENV DENO_DIR=/deno-dir DENO_NO_UPDATE_CHECK=1
WORKDIR /app

# A layer of its own: it stays until the lock file changes.
COPY deno.json deno.lock ./
RUN deno ci --prod

COPY main.ts app.ts ./
COPY lib lib
COPY hub hub
COPY routes routes
COPY templates templates
COPY static static
COPY docs docs
RUN deno cache main.ts routes/pool/worker.ts

# Spaces run as this user. Everything above belongs to root, so the program can
# change neither itself nor its dependencies.
USER 1000
# A Space's visitors come through a proxy, which names them.
ENV DENO_SERVE_ADDRESS=tcp:0.0.0.0:7860 TRUST_PROXY=1
EXPOSE 7860
# A configuration of the tables page may be mounted at /config:
#   docker run -v ./my_config:/config:ro -e TABLES_CONFIG_DIR=/config …
CMD ["deno", "run", "--cached-only", "--no-prompt", \
  "--allow-net=0.0.0.0:7860,huggingface.co:443,*.huggingface.co:443,hf.co:443,*.hf.co:443", \
  "--allow-env=PORT,HF_ENDPOINT,HF_TOKEN,HF_TOKEN_FOR_VISITORS,HF_HUB_OFFLINE,OAUTH_CLIENT_ID,OAUTH_CLIENT_SECRET,OAUTH_SCOPES,OPENID_PROVIDER_URL,SPACE_HOST,TABLES_CONFIG_DIR,LIMIT_CLIENTS,TRUST_PROXY,EMBED_ANCESTORS,LOG_REQUESTS,LOG_QUERY,LOG_TOKENS,LOG_STREAM", \
  "--allow-read=/config,app.ts,docs,hub,lib,routes,static,templates", "main.ts"]
