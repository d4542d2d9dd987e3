#!/usr/bin/env bash
# Sends the SARIF report to GitHub code scanning with its REST interface: no other action is needed for it.
set -euo pipefail

if [ "${FROM_FORK:-false}" = true ]; then
    echo "::notice title=Leakward::A pull request from a fork may not write to code scanning; its findings are in the annotations and the summary."
    exit 0
fi
packed=$(mktemp "${RUNNER_TEMP:?}/sarif.XXXXXX")
gzip --best --stdout "${SARIF:?}" | base64 | tr -d '\n' >"$packed"
if ! said=$(gh api --method POST "repos/${GITHUB_REPOSITORY:?}/code-scanning/sarifs" \
    -f "commit_sha=${HEAD_SHA:?}" -f "ref=${REF:?}" -f "tool_name=Leakward" -F "sarif=@$packed" 2>&1); then
    said=${said//$'\n'/ }
    echo "::error title=Leakward::The report was not taken by code scanning. Give the job the permission security-events: write, or set upload-sarif to false. GitHub says: ${said//%/%25}"
    exit 1
fi
