#!/usr/bin/env bash
# Scans what the event brings: the commits of a pull request, of a push, or all history. Where a shallow clone lacks what
# is needed it is fetched; where that fails the job fails and says so. Nothing here is taken for granted because it is not
# there.
#
# Everything that an event says comes in by environment variables, never by text put into this script.
set -euo pipefail

fail() {
    printf '::error title=Leakward::%s\n' "$1"
    printf 'status=2\n' >>"$GITHUB_OUTPUT"
    exit 2
}
cd "${LEAKWARD_PATH:-.}" || fail "there is no folder ${LEAKWARD_PATH:-.}"
git rev-parse --git-dir >/dev/null 2>&1 || fail "there is no repository here: check it out first (actions/checkout)"

zeros='^0+$'
have() { git cat-file -e "$1^{commit}" 2>/dev/null; }
is_shallow() { [ "$(git rev-parse --is-shallow-repository)" = true ]; }
why="This is a shallow clone, and the rest cannot be fetched: give actions/checkout \`fetch-depth: 0\`"

# A commit that the event names.
need() {
    have "$1" && return
    git fetch --quiet --no-tags origin "$1" 2>/dev/null || true
    have "$1" || fail "commit $1 is not here and cannot be fetched. $why"
}

# Whether all commits of the range are here: the two sides meet, and no commit of it has parents that were left out.
is_whole() {
    git merge-base "$1" "$2" >/dev/null 2>&1 || return 1
    ! git rev-list "$1..$2" | grep -qFx -f "$(git rev-parse --git-path shallow)"
}

make_whole() {
    local depth=50
    while is_shallow && ! is_whole "$1" "$2"; do
        git fetch --quiet --no-tags --deepen="$depth" origin "$1" "$2" 2>/dev/null || fail "$why"
        depth=$((depth * 4))
    done
}

all_history() {
    if is_shallow; then
        git fetch --quiet --unshallow origin 2>/dev/null || fail "$why"
    fi
    what=(--reachable-only)
}

policy=${LEAKWARD_POLICY_REF:-}
case "${EVENT:?}" in
    pull_request | pull_request_target | merge_group)
        need "${BASE_SHA:?}"
        need "${HEAD_SHA:?}"
        make_whole "$BASE_SHA" "$HEAD_SHA"
        what=(--range "$BASE_SHA..$HEAD_SHA")
        policy=${policy:-$BASE_SHA}
        ;;
    push)
        after=${AFTER_SHA:-}
        if [[ "$after" =~ $zeros ]]; then
            echo "The branch was deleted: there is nothing to scan."
            printf 'status=0\n' >>"$GITHUB_OUTPUT"
            exit 0
        fi
        need "${after:?}"
        from=${BEFORE_SHA:-}
        # What a forced push replaced may be gone on the server as well.
        if [ -n "$from" ] && ! [[ "$from" =~ $zeros ]] && ! have "$from"; then
            git fetch --quiet --no-tags origin "$from" 2>/dev/null || true
            have "$from" || from=
        fi
        if [ -z "$from" ] || [[ "$from" =~ $zeros ]]; then
            git fetch --quiet --no-tags origin "refs/heads/${DEFAULT_BRANCH:-main}" 2>/dev/null || true
            from=$(git rev-parse --verify --quiet "refs/remotes/origin/${DEFAULT_BRANCH:-main}^{commit}" || true)
        fi
        if [ -z "$from" ] || [ "$from" = "$after" ]; then
            all_history
        else
            make_whole "$from" "$after"
            what=(--range "$from..$after")
        fi
        ;;
    *) all_history ;;
esac

arguments=(scan "${what[@]}")
[ -z "$policy" ] || arguments+=(--policy-ref "$policy")
[ "${LEAKWARD_VERIFY:-false}" != true ] || arguments+=(--verify)
reports=$(mktemp -d "${RUNNER_TEMP:?}/leakward.XXXXXX")
arguments+=(--format sarif --output "$reports/leakward.sarif" --format json --output "$reports/leakward.json")
arguments+=(--format markdown --output "$reports/summary.md")
if [ "${LEAKWARD_ANNOTATIONS:-true}" = true ]; then arguments+=(--format github); else arguments+=(--format terminal); fi

status=0
"${LEAKWARD:?}" "${arguments[@]}" . || status=$?
[ -s "$reports/leakward.json" ] || fail "leakward ended with status $status and wrote no report"
if [ "${LEAKWARD_SUMMARY:-true}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    cat "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
{
    printf 'status=%s\n' "$status"
    printf 'sarif=%s\n' "$reports/leakward.sarif"
    printf 'json=%s\n' "$reports/leakward.json"
} >>"$GITHUB_OUTPUT"
