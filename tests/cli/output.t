# Where results go: nothing is overwritten unasked, nothing is left half-written, a full disk is said.

$ make_input tiny > tiny.json
$ echo precious > r.json; tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o r.json; echo exit $?; cat r.json
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o r.json --force > /dev/null && tokmark show r.json > /dev/null && echo replaced
$ echo precious > s.txt; tokmark show r.json -o s.txt; echo exit $?; cat s.txt
$ tokmark show r.json -o s.txt --force && [ -s s.txt ] && ! grep -q precious s.txt && echo replaced

# Refused before anything is measured, with the old file as it was.
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o no/such/folder/r.json
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o .
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o ''
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o "$(printf 'x%.0s' $(seq 300)).json"
$ echo precious > r2.json; tokmark run --device null --model ./tiny.json --batch 0 -o r2.json --force; cat r2.json

# stdout that can't be written.
$ tokmark models > /dev/full
$ tokmark --help > /dev/full
$ tokmark --version > /dev/full
$ tokmark show r.json > /dev/full
$ tokmark show r.json --format json > /dev/full
$ tokmark devices --no-ceilings > /dev/full
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o full.json > /dev/full; echo exit $?; tokmark show full.json > /dev/null && echo the file is whole

# A reader that goes away ends the program quietly.
$ tokmark models | head -1 > /dev/null
$ (tokmark show r.json --format json; echo exit $? >&2) | head -1 > /dev/null

# No temporary file is left.
$ ls -A
