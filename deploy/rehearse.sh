#!/bin/sh
# Goes through the Dockerfile's own lines in a scratch folder, without Docker:
# builds as you, starts its CMD as the image's user without a network, asks for
# the page, stops. DENO names the program to use (default: deno on PATH), and
# NPM_CACHE a folder of packages to build with instead of fetching them.
set -eu
umask 022

die() { echo "rehearse: $*" >&2; exit 1; }
loud() { echo "!!! $*" >&2; }

# The second act, which runs inside the namespace where there is one.
if [ "${1-}" = --serve ]; then
  [ -z "$ISOLATED" ] || ip link set lo up 2>/dev/null || ifconfig lo up
  cd "$IMAGE/$WORKDIR"
  for path in "$IMAGE/deno-dir" "$IMAGE/$WORKDIR/main.ts"; do
    # Without DROP it has been said already that the user is the wrong one.
    if $DROP test -w "$path" && [ -n "$DROP" ]; then die "may write $path"; fi
  done
  began=$("$DENO" eval 'console.log(Date.now())')
  # shellcheck disable=SC2086 -- no word of these has a space in it
  $DROP env -i PATH="$IMAGE/bin" $IMAGE_ENV $PROXY $CMD >"$IMAGE.log" 2>&1 &
  pid=$!
  trap 'kill $pid 2>/dev/null && wait $pid 2>/dev/null || true' EXIT
  trap 'exit 1' HUP INT TERM
  NO_PROXY=127.0.0.1 DENO_DIR="$IMAGE.ask" "$DENO" eval '
    const [origin, began] = Deno.args;
    const ask = async (path) => {
      const answer = await fetch(origin + path);
      return `${answer.status} ${(await answer.text()).slice(0, 15).trim()}`;
    };
    let page = "";
    while (!page.startsWith("200") && Date.now() - began < 15_000) {
      page = await ask("/").catch((error) => error.message);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    console.log(`GET /: ${page}, ${Date.now() - began} ms after the start`);
    const health = await ask("/healthz").catch((error) => error.message);
    console.log("GET /healthz:", health);
    Deno.exit(page.startsWith("200") && health === "200 ok" ? 0 : 1);
  ' "http://127.0.0.1:$PORT_HERE" "$began" || {
    cat "$IMAGE.log" >&2 && die "the server did not answer as it should"
  }
  exit 0
fi

here=$(cd "$(dirname "$0")" && pwd -P)
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$scratch"
export IMAGE="$scratch/image"
mkdir -p "$IMAGE/bin" "$IMAGE/deno-dir"
[ -z "${NPM_CACHE-}" ] || cp -R "$NPM_CACHE" "$IMAGE/deno-dir/npm"

# A copy: the other user may have no way into the folder of yours.
cp "$("${DENO:-deno}" eval 'console.log(Deno.execPath())')" "$IMAGE/bin/deno"
export DENO="$IMAGE/bin/deno"
PORT_HERE=$("$DENO" eval 'console.log(Deno.listen({ port: 0 }).addr.port)')

# The lines of the Dockerfile, whole, with this port and this folder in them.
"$here/space.sh" "$scratch/space"
sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba' -e '}' "$scratch/space/Dockerfile" |
  sed -e '/^#/d' -e '/^$/d' -e "s#7860#$PORT_HERE#g" -e "s#=/#=$IMAGE/#g" \
    >"$scratch/steps"

export IMAGE_ENV="" WORKDIR="" CMD=""
user=""
while read -r step rest; do
  case $step in
    FROM) echo "Image: $rest; here: $("$DENO" --version | sed q)" ;;
    ENV) IMAGE_ENV="$IMAGE_ENV $rest" ;;
    WORKDIR) WORKDIR=${rest#/} && mkdir -p "$IMAGE/$WORKDIR" ;;
    COPY)
      to="$IMAGE/$WORKDIR/${rest##* }"
      for from in ${rest% *}; do cp -R "$scratch/space/$from" "$to"; done
      ;;
    RUN)
      echo "RUN $rest"
      (cd "$IMAGE/$WORKDIR" && env PATH="$IMAGE/bin:$PATH" $IMAGE_ENV \
        sh -ec "$rest") </dev/null >"$scratch/log" 2>&1 ||
        { cat "$scratch/log" >&2; die "the step above failed"; }
      ;;
    USER) user=$rest ;;
    EXPOSE) ;;
    CMD) CMD=$(echo "$rest" | sed 's/^\[ *"//; s/" *\]$//; s/" *, *"/ /g') ;;
    *) die "no rehearsal is written for the step $step" ;;
  esac
done <"$scratch/steps"
chmod -R a-w "$IMAGE/deno-dir" "$IMAGE/$WORKDIR"

# Tries words that can run a command in front of one; keeps the first that can.
first() { for try; do $try true 2>/dev/null && echo "$try" && return; done; }
name=$(id -nu "$user" 2>/dev/null || echo "$user")
if [ "$(id -u)" = 0 ]; then
  DROP=$(first "setpriv --reuid=$user --regid=$user --clear-groups" \
    "runuser -u $name --" "su -s /usr/bin/env $name --") ||
    loud "As root, for whom nothing is read-only: no setpriv, runuser or su"
  ISOLATED=$(first "unshare -n") || true
else
  [ "$(id -u)" = "$user" ] ||
    loud "Not as user $user but as $(id -u): only root can change the user"
  # Who makes a namespace is almighty in it; the program must not be.
  DROP="setpriv --bounding-set=-all --inh-caps=-all"
  ISOLATED=$(first "unshare -rn $DROP") && ISOLATED="unshare -rn" || DROP=""
fi
up="ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null"
[ -z "$ISOLATED" ] || $ISOLATED sh -c "$up" || ISOLATED=""
PROXY=""
if [ -z "$ISOLATED" ]; then
  PROXY="HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9"
  loud "No namespace here: --cached-only and a dead proxy stand for no network"
else
  echo "No network: the server's namespace has nothing but loopback"
fi
export DROP ISOLATED PORT_HERE PROXY
echo "CMD $CMD"
$ISOLATED sh "$here/rehearse.sh" --serve
