#!/usr/bin/env bash
# The whole way on a small example: makes data, trains a classifier on it, writes four quantised files, one of them trained through its
# rounding to four bits, and measures all of them.
#
#   examples/demo.sh PARE FOLDER
set -euo pipefail

pare=${1:?the program} folder=${2:?a folder for the results}
mkdir -p "$folder"

do_it() {
  printf '\n$ pare %s\n' "$*"
  "$pare" "$@"
}

do_it data make strokes -o "$folder/strokes" --seed 1
do_it build small_cnn --width 0.5 --input 28 28 1 -o "$folder/untrained.pare"
do_it train "$folder/untrained.pare" --data "$folder/strokes.toml" -o "$folder/digits.pare" --epochs 4 --batch 64 --lr 4e-3
for mode in int8 fp16 dynamic; do
  do_it quantize "$folder/digits.pare" --mode "$mode" --data "$folder/strokes.toml" -o "$folder/digits_$mode.tflite"
done
do_it qat "$folder/digits.pare" --weight-bits 4 --data "$folder/strokes.toml" -o "$folder/digits_w4.tflite" --epochs 1 --batch 64 --lr 5e-4
do_it bench "$folder/digits_int8.tflite" --seconds 0.5
do_it evaluate "$folder/digits.pare" "$folder"/digits_{int8,fp16,dynamic,w4}.tflite --data "$folder/strokes.toml" --latency --picture "$folder/result.svg"
printf '\nThe files and a picture of the table lie in %s.\n' "$folder"
