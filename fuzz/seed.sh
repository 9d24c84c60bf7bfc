#!/bin/sh
# Fills fuzz/corpus with the traces that the tests keep.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/binary corpus/jsonl corpus/std
cp ../trace/tests/data/*.lht corpus/binary/
cp ../tests/data/kernels/*.jsonl corpus/jsonl/
cp ../tests/data/litmus/*.std ../tests/data/litmus/atomicity/*.std corpus/std/
