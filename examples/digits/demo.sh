#!/usr/bin/env bash
# The whole way on a small example: makes data, starts from the trained classifier digits.h5 (train.py trained it), writes three
# quantised files and measures all of them.
#
#   examples/digits/demo.sh PARE FOLDER
set -euo pipefail

pare=${1:?the program} folder=${2:?a folder for the results}
model=$(dirname "$0")/digits.h5
mkdir -p "$folder"

say() { printf '\n$ pare %s\n' "$*"; }
do_it() {
  say "$@"
  "$pare" "$@"
}

do_it data make strokes -o "$folder/strokes" --seed 1
do_it inspect "$model"
for mode in int8 fp16 dynamic; do
  do_it quantize "$model" --mode "$mode" --data "$folder/strokes.toml" -o "$folder/digits_$mode.tflite"
done
do_it bench "$folder/digits_int8.tflite" --seconds 0.5
do_it evaluate "$model" "$folder"/digits_{int8,fp16,dynamic}.tflite --data "$folder/strokes.toml" --latency --picture "$folder/result.svg"
printf '\nThe files and a picture of the table lie in %s.\n' "$folder"
