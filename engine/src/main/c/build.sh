#!/usr/bin/env bash
# Rebuilds the checked-in kernel libraries with gcc and a JDK's jni.h:  engine/src/main/c/build.sh [output folder]
# -O2 with -O3's vectoriser: -O3 itself only triples the size. -ffp-contract=off and no -ffast-math: a value must not depend on the lane, the tail of a loop or the
# instruction set, and linking with -ffast-math would switch denormals off in the thread that loads the library.
set -euo pipefail
export LC_ALL=C # the order of *.c
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../resources/dev/bellows/engine/kernel/cpu}
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
mkdir -p "$out"
for level in v3 v4; do
  flags="-march=x86-64-$level"
  [ "$level" = v4 ] && flags="$flags -mprefer-vector-width=512"
  # shellcheck disable=SC2086
  gcc -std=gnu11 -O2 -ftree-vectorize -fvect-cost-model=dynamic $flags -ffp-contract=off -fno-math-errno -fno-trapping-math -Wall -Wextra -Werror \
    -fPIC -shared -fvisibility=hidden -ffile-prefix-map="$here"=. -I"$java_home/include" -I"$java_home/include/linux" \
    -o "$out/libbellows-x86-64-$level.so" "$here"/*.c \
    -s -lm -Wl,--build-id=none -Wl,-z,noexecstack
done
ls -l "$out"
