usage() {
  cat <<'END'
Fetches the models of this host anew, from where each
comes from, and restarts the services whose models
changed. Ollama takes a new model by itself once the old
one is out of its memory, and is told to let it go.

  update-models.sh [--dry-run] [HOST]

HOST is told by this machine's name and addresses; name
it where that fails. A model in a folder that you fill
yourself is named and left alone.

  --dry-run   only say what would be fetched
  --help      this text

Exit code: 0 all is fetched, 1 something is not, 2 wrong
use.
END
}

options() {
  HOST='' DRY_RUN=''
  while [ $# -gt 0 ]; do
    case $1 in
      --dry-run) DRY_RUN=1 ANYWHERE=1 ;;
      -h | --help) usage && exit 0 ;;
      -*) stop "there is no option \`$1\`; see --help" ;;
      *)
        [ -z "$HOST" ] || stop "one host at a time"
        HOST=$1
        ;;
    esac
    shift
  done
}

# Pulls a model into an Ollama, and lets go of the one in memory when another came: URL, model.
pull() {
  local before after answer body
  body="{\"model\":\"$(quote "$2")\",\"stream\":false}"
  before=$(listed "$1" | grep -F -- "$2")
  answer=$(ask "$1" POST /api/pull "$body") || return 1
  case $answer in
    *'"status":"success"'*) ;;
    *)
      say "        $answer"
      return 1
      ;;
  esac
  after=$(listed "$1" | grep -F -- "$2")
  if [ "$before" = "$after" ]; then
    say "  ${dim}same${plain}  $2"
  else
    say "  ${green}new${plain}   $2"
    # No prompt, and kept for no time: it is unloaded.
    ask "$1" POST /api/generate "{\"model\":\"$(quote "$2")\",\"keep_alive\":0}" >/dev/null || true
  fi
}

# Fetches a repository of Hugging Face into a hub: hub, user, repository. Notes in `changed` that another came.
fetch() {
  local main before after
  main="$1/models--${3//\//--}/refs/main"
  before=$(as_user "$2" cat "$main" 2>/dev/null)
  as_user "$2" env HF_HOME="${1%/hub}" "$hf" download --quiet -- "$3" >/dev/null || return 1
  after=$(as_user "$2" cat "$main" 2>/dev/null)
  if [ "$before" = "$after" ]; then
    say "  ${dim}same${plain}  $3"
  else
    say "  ${green}new${plain}   $3"
    changed=1
  fi
}

# Renews one store: its place in the table.
renew() {
  local at=$1 i=0 source path failed=''
  local service=${store_service[at]} kind=${store_kind[at]} place=${store_place[at]}
  changed=''
  say "${bold}$service${plain}"
  while [ "$i" -lt "$models" ]; do
    if [ "${model_service[i]}" = "$service" ]; then
      source=${model_source[i]} path=${model_path[i]}
      if [ "$kind" = hub ] && [ -z "$source$path" ]; then
        say "  ${dim}yours${plain} a model says neither its \`repo\` nor its \`source_path\`; fetch it yourself"
      elif [ "$kind" = hub ] && [ -n "$path" ]; then
        say "  ${dim}yours${plain} $source lies in $path; fetch it yourself"
      elif [ -n "$DRY_RUN" ]; then
        say "  would fetch $source"
      elif [ "$kind" = ollama ]; then
        pull "$place" "$source" || failed=1
      else
        fetch "$place" "${store_user[at]}" "$source" || failed=1
      fi
      [ -z "$failed" ] || say "  ${red}lost${plain}  $source could not be fetched"
      [ -z "$failed" ] || lost=1
      failed=''
    fi
    i=$((i + 1))
  done
  [ -z "$changed" ] || restart "$service"
}

# Restarts a service by its name.
restart() {
  local i=0
  while [ "$i" -lt "$services" ]; do
    if [ "${service_name[i]}" = "$1" ] && [ "${service_host[i]}" = "$HOST" ]; then
      if [ "${service_manager[i]}" = hand ]; then
        say "  ${dim}hand${plain}  nothing here starts $1; restart it yourself"
      else
        restart_one "$i" && wait_for "$i" || lost=1
      fi
    fi
    i=$((i + 1))
  done
}

main() {
  local i=0 here_too=''
  lost='' changed=''
  options "$@"
  table
  choose_host
  hf=$(command -v hf || command -v huggingface-cli) || hf=hf
  while [ "$i" -lt "$stores" ]; do
    if [ "${store_host[i]}" = "$HOST" ]; then
      here_too=1
      renew "$i"
    fi
    i=$((i + 1))
  done
  [ -n "$here_too" ] || say "no service of $HOST keeps models"
  [ -z "$lost" ]
}

main "$@"
exit $?
