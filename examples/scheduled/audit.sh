#!/usr/bin/env bash
# A scheduled audit: one at a time, its reports kept by day, and silence when there is nothing to say.
#
#   audit.sh FOLDER       FOLDER has accounts.toml; it gets reports/ and .linkwalk/
#
# Ends as the audit does: 0 no drift, 2 drift, 1 an account could not be looked at, 64 wrong usage; and with 75 where the audit
# of before is still under way. What it prints is mailed by cron.
set -euo pipefail

cd "${1:?the folder with accounts.toml}"
mkdir -p reports

# The lock ends with this process, however it does.
exec 9>reports/lock
if ! flock --nonblock 9; then
  echo "the audit of before is still under way" >&2
  exit 75
fi

today=reports/$(date --utc +%Y-%m-%dT%H-%M-%SZ)
options=()
if [[ -s reports/last.json ]]; then options+=(--since reports/last.json); fi
if grep --quiet '^\[notify\]' accounts.toml; then options+=(--notify); fi

code=0
# An interrupted audit still ends by itself, and tells nobody. The lock is this script's and nobody else's.
timeout --signal INT "${AUDIT_TIMEOUT:-2h}" \
  linkwalk audit --quiet "${options[@]}" --report "json=$today.json" --report "html=$today.html" \
  >"$today.txt" 2>"$today.err" 9>&- || code=$?

# 0, 1 and 2 are verdicts: the next audit is compared with this one.
if ((code <= 2)) && [[ -s $today.json ]]; then
  ln -sfn "${today##*/}.json" reports/last.json
fi

if ((code != 0)); then
  cat "$today.err" "$today.txt"
  echo "linkwalk audit ended with $code; reports: $PWD/$today.html"
fi
find reports -name '20*' -mtime +"${AUDIT_KEEP_DAYS:-90}" -delete
exit "$code"
