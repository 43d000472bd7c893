# Where results go: nothing is overwritten unasked, nothing is left half-written, a full disk is said.

$ make_input tiny > tiny.json
$ echo precious > r.json; tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o r.json; echo exit $?; cat r.json
> exit 2
> precious
! tokmark: --output r.json: exists; --force overwrites it
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o r.json --force > /dev/null && tokmark show r.json > /dev/null && echo replaced
> replaced
$ echo precious > s.txt; tokmark show r.json -o s.txt; echo exit $?; cat s.txt
> exit 2
> precious
! tokmark: --output s.txt: exists; --force overwrites it
$ tokmark show r.json -o s.txt --force && [ -s s.txt ] && ! grep -q precious s.txt && echo replaced
> replaced

# Refused before anything is measured, with the old file as it was.
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o no/such/folder/r.json
? 2
! tokmark: --output no/such/folder/r.json: No such file or directory
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o .
? 2
! tokmark: --output .: Is a directory
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o ''
? 2
! tokmark: --output: needs a value
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o "$(printf 'x%.0s' $(seq 300)).json"
? 2
! tokmark: --output xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.json: File name too long
$ echo precious > r2.json; tokmark run --device null --model ./tiny.json --batch 0 -o r2.json --force; cat r2.json
> precious
! tokmark: --batch 0: must be 1..65536

# stdout that can't be written.
$ tokmark models > /dev/full
? 1
! tokmark: standard output: No space left on device
$ tokmark --help > /dev/full
? 1
! tokmark: standard output: No space left on device
$ tokmark --version > /dev/full
? 1
! tokmark: standard output: No space left on device
$ tokmark show r.json > /dev/full
? 1
! tokmark: standard output: No space left on device
$ tokmark show r.json --format json > /dev/full
? 1
! tokmark: standard output: a write failed
$ tokmark devices --no-ceilings > /dev/full
? 1
! tokmark: standard output: a write failed
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 8 -o full.json > /dev/full; echo exit $?; tokmark show full.json > /dev/null && echo the file is whole
> exit 1
> the file is whole
! tokmark: standard output: No space left on device

# A reader that has gone ends the program quietly: by SIGPIPE, which a shell shows as 141.
$ (sleep 0.2; tokmark show r.json; echo exit $? >&2) | true
! exit 141
$ (trap '' PIPE; sleep 0.2; tokmark models; echo exit $? >&2) | true
! exit 141

# No temporary file is left.
$ ls -A
> full.json
> r.json
> r2.json
> s.txt
> tiny.json
