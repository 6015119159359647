# The folder of this script, where its sisters are.
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 2
