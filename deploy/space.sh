#!/bin/sh
# Fills DIR, a checkout of a Docker Space (or a new or empty folder), with what
# the Space needs. Committing and pushing stay with you.
set -eu

[ $# -eq 1 ] || { echo "Usage: $0 DIR" >&2; exit 2; }
dir=$1
project=$(cd "$(dirname "$0")/.." && pwd -P)

mkdir -p "$dir"
dir=$(cd "$dir" && pwd -P)
if [ -n "$(ls -A "$dir")" ] && [ ! -e "$dir/.git" ]; then
  echo "$dir is not empty and no git checkout: nothing was copied" >&2
  exit 1
fi
if [ -e "$dir/deploy" ] || [ -e "$dir/tests" ]; then
  echo "$dir is a checkout of the project, not of a Space" >&2
  exit 1
fi

# What the Dockerfile copies into the image is what the Space needs.
program=$(sed -n 's/^COPY \(.*\) [^ ]*$/\1/p' "$project/Dockerfile")
for name in Dockerfile .dockerignore LICENSE $program; do
  # The old copy goes first, so that no deleted file stays behind.
  rm -rf "${dir:?}/$name"
  cp -R "$project/$name" "$dir/$name"
  # The modes that git would give, whatever the umask here.
  chmod -R u=rwX,go=rX "$dir/$name"
done
# The card names its thumbnail by the Space's own address, which the checkout's
# remote tells; where it tells none the card has no thumbnail.
space=$(git -C "$dir" remote get-url origin 2>/dev/null |
  sed -n 's#.*huggingface\.co[:/]spaces/\([^/]*\)/\([^/]*\)$#\1-\2#p' |
  sed 's#\.git$##' | tr 'A-Z._' 'a-z--') || space=
if [ -n "$space" ]; then
  sed "s#OWNER-NAME#$space#" "$project/docs/space.md" > "$dir/README.md"
else
  sed '/^thumbnail:/d' "$project/docs/space.md" > "$dir/README.md"
fi
