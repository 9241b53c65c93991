#!/bin/sh
# What the task of ECS and the build of CodeBuild run: the last report from the bucket, the audit, its reports to the bucket.
#
#   REPORTS=s3://BUCKET/PREFIX task.sh      where accounts.toml is
#
# Ends as the audit does; with 1 also where the reports could not be kept.
set -u
: "${REPORTS:?s3://BUCKET/PREFIX}"
day=$(date -u +%Y-%m-%d)

set --
if aws s3 cp --only-show-errors "$REPORTS/last.json" last.json; then
  set -- --since last.json
else
  echo "no report of before: everything is new" >&2
fi

linkwalk audit "$@" --report json=today.json --report html=audit.html --report junit=audit.xml
code=$?

keep() { aws s3 cp --only-show-errors "$1" "$REPORTS/$2" || code=1; }
if [ "$code" -le 2 ] && [ -s today.json ]; then
  keep audit.html "$day.html"
  keep today.json "$day.json"
  keep today.json last.json
fi
exit "$code"
