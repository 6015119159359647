# ---------------------------------------------------------- stores

stores=0
store() {
  store_service[stores]=$1 store_host[stores]=$2 store_kind[stores]=$3
  store_place[stores]=$4 store_user[stores]=$5
  stores=$((stores + 1))
}

models=0
model() {
  model_service[models]=$1 model_source[models]=$2 model_path[models]=$3
  models=$((models + 1))
}

# Asks Ollama: method, path, body.
ask() {
  curl -q -f -s -S -g --noproxy '*' --proto '=http,https' --connect-timeout 5 \
    -X "$2" -H 'Content-Type: application/json' --data-binary "${4-}" -- "$1$3"
}

# A text between the quotes of JSON. (bash 3.2 and 5.2 disagree on `//` with backslashes.)
quote() {
  local text=$1 out='' i=0
  while [ "$i" -lt "${#text}" ]; do
    case ${text:i:1} in
      [\\\"]) out="$out\\${text:i:1}" ;;
      *) out="$out${text:i:1}" ;;
    esac
    i=$((i + 1))
  done
  printf '%s' "$out"
}

# Prints name and digest of each model that an Ollama has. Its list has each model's name and digest
# before the first table within, so a line for each opening brace has both.
listed() {
  local answer
  answer=$(ask "$1" GET /api/tags) || return 1
  printf '%s\n' "$answer" | tr '{' '\n' |
    sed -n 's/.*"name":"\([^"\\]*\)".*"digest":"\([^"\\]*\)".*/\1 \2/p'
}

# Does something as the user whom a folder belongs to.
as_user() {
  local user=$1
  shift
  if [ "$(id -un)" = "$user" ]; then "$@"; else sudo -u "$user" -H -- "$@"; fi
}
