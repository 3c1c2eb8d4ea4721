#!/bin/bash
# Plays the fuzz targets, and says how fast that was, how much they reached, and what they found.
#
#   fuzz/run.sh [SECONDS [TARGET...]]     so long for each of these targets; 600 seconds, and all of them
#
# Needs cargo-fuzz and a C++ compiler. What was reached stays in target/fuzz/corpus, and is where the next
# run begins; the first begins with the kit's corpus. The exit status is 1 if something was found.
#
# What `programs` finds is a program that breaks a rule. The panic prints the smallest one that was found: put it
# into conformance/corpus/NAME.loop, with what was wrong and a line `// rules:`, and NAME into
# conformance/src/corpus.rs; a loop that breaks the same rule in the same way goes into conformance/src/zoo.
# If it was the kit that was wrong, the program goes into conformance/tests/misjudged.rs instead. What the
# other targets find becomes a unit test of the file that was wrong.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1-600}
targets=(text protocol programs timers storage slot)
[ $# -le 1 ] || targets=("${@:2}")

target_dir=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$target_dir/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
binaries=$work/$host/release
workers=$(nproc)

build() {
    local target
    # Sanitizers are for nightly compilers, and for stable ones that are told to have them.
    (cd fuzz && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$work cargo fuzz build)
    for target in "${targets[@]}"; do
        [ -x "$binaries/$target" ] || { echo "there is no target '$target'" >&2; exit 2; }
    done
    cargo build --release --locked -p anyloop-matrix
}

# The programs of the kit's corpus; and what is said when they are played.
plant() {
    local file program
    mkdir -p "$work"/seeds/{text,programs,protocol,timers,storage,slot}
    for file in conformance/corpus/*.loop; do
        cp "$file" "$work/seeds/text"
        cp "$file" "$work/seeds/programs"
        program=play\ $(sed 's,//.*,,' "$file" | tr '\n' ';')
        {
            printf '%s\n===\n' "$program"
            printf '%s\n' "$program" | "$target_dir/release/anyloop" drive specimen
        } >"$work/seeds/protocol/$(basename "$file")"
    done
    # The words of the programs and of the histories, where they are declared.
    sed -nE 's/^    ("[a-z-]+") [A-Z].*/\1/p' conformance/src/program.rs conformance/src/history.rs >"$work/words"
}

# What a target is played with.
options() {
    printf '%s\n' -max_total_time="$seconds" -print_final_stats=1 -timeout=60 -rss_limit_mb=4096
    case $1 in
        programs) printf '%s\n' -max_len=4096 ;;
        text | protocol) printf '%s\n' -dict="$work/words" -max_len=4096 ;;
        # Many short steps.
        *) printf '%s\n' -max_len=1024 ;;
    esac
}

# Plays a target on every processor; says whether it found nothing.
play() {
    local target=$1 status=0 arguments
    local corpus=$work/corpus/$target found=$work/found/$target logs=$work/logs/$target
    rm -rf "$found" "$logs"
    mkdir -p "$corpus" "$found" "$logs"
    mapfile -t arguments < <(options "$target")
    # A loop forgets what an exception handler panicked with, for its drop might panic as well.
    export ASAN_OPTIONS=detect_leaks=1
    [ "$target" != programs ] || ASAN_OPTIONS=detect_leaks=0
    (cd "$logs" && "$binaries/$target" "${arguments[@]}" -jobs="$workers" -workers="$workers" \
        -artifact_prefix="$found/" "$corpus" "$work/seeds/$target") >"$logs/all.log" 2>&1 || status=$?
    sum "$target" "$logs"
    [ "$status" -ne 0 ] || return 0
    show "$target" "$found"
    return 1
}

# One line: executions a second on all processors, and what one of them reached at most.
sum() {
    awk -v target="$1" '
        # Said more than once by some.
        /^stat::average_exec_per_sec/ { rates[FILENAME] = $2 }
        /^stat::number_of_executed_units/ { units[FILENAME] = $2 }
        / cov: / {
            for (i = 1; i < NF; i++) {
                if ($i == "cov:" && $(i + 1) > cov) cov = $(i + 1)
                if ($i == "ft:" && $(i + 1) > ft) ft = $(i + 1)
            }
        }
        END {
            for (file in rates) { rate += rates[file]; runs += units[file] }
            printf "%-9s %9d executions  %7d a second  cov: %d  ft: %d\n", target, runs, rate, cov, ft
        }
    ' "$2"/fuzz-*.log
}

# What was found, made small, and what it does.
show() {
    local target=$1 found small
    for found in "$2"/*; do
        [ -e "$found" ] || { tail -n 40 "$work/logs/$target"/*.log; continue; }
        small=$found
        # A program is made small by the kit.
        if [ "$target" != programs ]; then
            small=$found.small
            cp "$found" "$small"
            "$binaries/$target" -minimize_crash=1 -max_total_time=30 -exact_artifact_path="$small" "$found" \
                >"$work/logs/$target/small.log" 2>&1 || true
        fi
        printf '\nFOUND by %s: %s\n' "$target" "$small"
        RUST_LIBFUZZER_DEBUG_PATH=$small.txt RUST_BACKTRACE=0 "$binaries/$target" "$small" 2>&1 |
            sed -n '/panicked at/,/^note:/p; /ERROR:/p; /^hung/,$p' || true
        # Bytes say less than what they were read as.
        case $target in
            text | protocol | programs) cat -v "$small" ;;
            *) cat "$small.txt" ;;
        esac
    done
}

build
plant
failed=()
for target in "${targets[@]}"; do
    play "$target" || failed+=("$target")
done
[ ${#failed[@]} -eq 0 ] || { echo "FAILED: found something: ${failed[*]}" >&2; exit 1; }
