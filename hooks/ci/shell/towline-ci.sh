#!/bin/sh
# The steps of a CI job, for every CI alike: towline-ci validate | plan | release | promote | wait
#
# Settings are variables only, so that no text from outside ever becomes part of a command (docs/ci.md lists them):
#   TOWLINE_CI_ENV       environment; validate and plan: empty means all
#   TOWLINE_CI_IMAGE     release: name without a tag; promote: NAME:TAG or NAME:TAG@DIGEST
#   TOWLINE_CI_TAG       release: tag of the image (default: the build's Git tag, else the first digits of its commit)
#   TOWLINE_CI_CONTEXT   release: folder that the image is built from (default: .)
#   TOWLINE_CI_REVISION  plan, wait: revision (default: the build's commit; wait: what promote made, else that commit)
#   TOWLINE_CI_TIMEOUT   wait: 90s, 15m, 2h (default: 15m)
#   TOWLINE_CI_COMMENT   plan: auto, always or never; auto: on merge requests, where there is a token
#   TOWLINE_CI_HELD      plan: pass or fail where a gate holds changes (default: pass)
#   TOWLINE_CI_FORGE, TOWLINE_CI_FORGE_URL, TOWLINE_CI_PROJECT, TOWLINE_CI_REQUEST
#                        plan: where the comment goes, where the CI does not say it
#   TOWLINE_CI_JUNIT     validate: file of the JUnit report (default: towline-junit.xml)
#   TOWLINE_CI_OUTPUT    release, promote: file for results as NAME=VALUE (default: towline.env)
#   TOWLINE_CI_COMMAND   the towline command (default: towline)
#
# What the towline command itself needs (CONSUL_HTTP_ADDR, TOWLINE_CONFIG, tokens) it finds where it always does.
set -eu

towline=${TOWLINE_CI_COMMAND:-towline}
output=${TOWLINE_CI_OUTPUT:-towline.env}

fail() {
  printf 'towline-ci: %s\n' "$1" >&2
  exit 1
}

# The commit that is built, as the CI says.
commit_of_build() {
  printf '%s' "${CI_MERGE_REQUEST_SOURCE_BRANCH_SHA:-${CI_COMMIT_SHA:-${GIT_COMMIT:-${GITHUB_SHA:-}}}}"
}

# A tag for an image: what Git allows in a name and a registry does not becomes "-".
tag_of_build() {
  tag=${CI_COMMIT_TAG:-${TAG_NAME:-}}
  if [ -z "$tag" ] && [ "${GITHUB_REF_TYPE:-}" = tag ]; then tag=${GITHUB_REF_NAME:-}; fi
  if [ -z "$tag" ]; then tag=$(commit_of_build | cut -c1-12); fi
  printf '%s' "$tag" | tr -c 'A-Za-z0-9_.-' '-' | sed 's/^[.-]/_/' | cut -c1-128
}

# What an earlier build left in the same folder is no result of this one.
forget() {
  if [ -e "$output" ]; then
    kept=$(grep -v "^TOWLINE_CI_$(printf '%s' "$1" | tr 'a-z' 'A-Z')=" "$output" || true)
    printf '%s' "${kept:+$kept
}" >"$output"
  fi
}

# Results for later steps: a file that GitLab takes as a dotenv report and Jenkins can read, and GitHub's own.
tell() {
  forget "$1"
  printf 'TOWLINE_CI_%s=%s\n' "$(printf '%s' "$1" | tr 'a-z' 'A-Z')" "$2" >>"$output"
  if [ -n "${GITHUB_OUTPUT:-}" ]; then printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; fi
}

# The commit that an earlier step promoted.
promoted() {
  if [ -e "$output" ]; then sed -n 's/^TOWLINE_CI_REVISION=\([0-9a-f]\{40,64\}\)$/\1/p' "$output"; fi
}

in_review() {
  if [ -n "${CI_MERGE_REQUEST_IID:-}" ] || [ -n "${CHANGE_ID:-}" ] || [ -n "${TOWLINE_CI_REQUEST:-}" ]; then return 0; fi
  case ${GITHUB_EVENT_NAME:-} in pull_request | pull_request_target) return 0 ;; esac
  return 1
}

# GitLab's CI_JOB_TOKEN is not enough: it may write no comments.
has_token() {
  if [ -n "${TOWLINE_COMMENT_TOKEN:-}" ]; then return 0; fi
  if [ -n "${GITLAB_CI:-}" ] || [ "${TOWLINE_CI_FORGE:-}" = gitlab ]; then [ -n "${GITLAB_TOKEN:-}" ]; else [ -n "${GITHUB_TOKEN:-}" ]; fi
}

validate() {
  set -- validate --annotate auto --report "${TOWLINE_CI_JUNIT:-towline-junit.xml}"
  if [ -n "${TOWLINE_CI_ENV:-}" ]; then set -- "$@" --env "$TOWLINE_CI_ENV"; fi
  "$towline" "$@"
}

plan() {
  set -- plan
  revision=${TOWLINE_CI_REVISION:-$(commit_of_build)}
  if [ -n "$revision" ]; then set -- "$@" --revision "$revision"; fi
  comment=${TOWLINE_CI_COMMENT:-auto}
  if [ "$comment" = auto ] && in_review && has_token; then comment=always; fi
  if [ "$comment" = always ]; then
    set -- "$@" --comment
    if [ -n "${TOWLINE_CI_FORGE:-}" ]; then set -- "$@" --forge "$TOWLINE_CI_FORGE"; fi
    if [ -n "${TOWLINE_CI_FORGE_URL:-}" ]; then set -- "$@" --forge-url "$TOWLINE_CI_FORGE_URL"; fi
    if [ -n "${TOWLINE_CI_PROJECT:-}" ]; then set -- "$@" --project "$TOWLINE_CI_PROJECT"; fi
    if [ -n "${TOWLINE_CI_REQUEST:-${CHANGE_ID:-}}" ]; then
      set -- "$@" --request "${TOWLINE_CI_REQUEST:-${CHANGE_ID:-}}"
    fi
  fi
  if [ -n "${TOWLINE_CI_ENV:-}" ]; then set -- "$@" -- "$TOWLINE_CI_ENV"; fi
  code=0
  "$towline" "$@" || code=$?
  case $code in
  2) return 0 ;; # there are changes
  3) if [ "${TOWLINE_CI_HELD:-pass}" = pass ]; then return 0; fi ;;
  esac
  return "$code"
}

release() {
  [ -n "${TOWLINE_CI_IMAGE:-}" ] || fail 'TOWLINE_CI_IMAGE is needed: the name of the image, without a tag'
  tag=${TOWLINE_CI_TAG:-$(tag_of_build)}
  [ -n "$tag" ] || fail 'TOWLINE_CI_TAG is needed: nothing says which commit or tag is built'
  named=$TOWLINE_CI_IMAGE:$tag
  "$towline" image build --name "$TOWLINE_CI_IMAGE" --tag "$tag" -- "${TOWLINE_CI_CONTEXT:-.}"
  pushed=$("$towline" image push --output json -- "$named")
  digest=$(printf '%s\n' "$pushed" | sed -n 's/.*"digest": *"\(sha256:[0-9a-f]\{64\}\)".*/\1/p' | head -n 1)
  [ -n "$digest" ] || fail "the push of $named named no digest"
  "$towline" release --digest "$digest" --verify -- "$named"
  tell image "$named@$digest"
}

promote() {
  [ -n "${TOWLINE_CI_IMAGE:-}" ] || fail 'TOWLINE_CI_IMAGE is needed: NAME:TAG'
  forget revision
  : >>"$output"
  set -- promote --output json
  if [ -n "${TOWLINE_CI_ENV:-}" ]; then set -- "$@" --env "$TOWLINE_CI_ENV"; fi
  code=0
  result=$("$towline" "$@" -- "$TOWLINE_CI_IMAGE") || code=$?
  # The commits of promotions, in order: a later one contains those before it.
  revision=$(
    printf '%s\n' "$result" |
      sed -n '/"commits": \[$/,/\]/s/.*"revision": "\([0-9a-f]\{40,64\}\)".*/\1/p' | tail -n 1
  )
  if [ -n "$revision" ]; then
    printf '%s is promoted as %s\n' "$TOWLINE_CI_IMAGE" "$revision"
    tell revision "$revision"
  elif [ "$code" -eq 0 ]; then
    printf '%s: nothing to promote, it is there already\n' "$TOWLINE_CI_IMAGE"
  else
    printf '%s\n' "$result"
  fi
  return "$code"
}

wait_until_live() {
  revision=${TOWLINE_CI_REVISION:-$(promoted)}
  revision=${revision:-$(commit_of_build)}
  [ -n "$revision" ] || fail 'TOWLINE_CI_REVISION is needed: nothing says which commit is built'
  set -- wait --timeout "${TOWLINE_CI_TIMEOUT:-15m}"
  if [ -n "${TOWLINE_CI_ENV:-}" ]; then set -- "$@" --env "$TOWLINE_CI_ENV"; fi
  "$towline" "$@" -- "$revision"
}

case ${1:-} in
validate) validate ;;
plan) plan ;;
release) release ;;
promote) promote ;;
wait) wait_until_live ;;
*) fail 'which step? validate, plan, release, promote or wait' ;;
esac
