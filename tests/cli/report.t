# The HTML report: options, files and folders, and what is said of bad input. How it looks and behaves: test_report.py.

$ tokmark report --help
> Usage: tokmark report RESULT... [-o report.html] [options]
>
> Writes result files as one HTML page that opens offline: summary and verdicts, charts with their
> tables, every point, the environment. A folder is walked for *.json. Up to 12 files are
> overlaid; of more, the latest run of each point of a device is shown.
>
> Options:
>   -o, --output FILE  Write the report there instead of to standard output
>       --force        Overwrite an existing output file
>       --no-chart-js  Plain SVG charts, 200 KB less, although Chart.js was built in
>   -h, --help         Print this help
>
> Exit codes: 0 all files are in the report; 1 some could not be read and are listed in it; 2 usage, or
> none could be read.
> Examples:
>   tokmark report r.json -o report.html
>   tokmark report results/ -o report.html --force

$ cp "$DATA/results/cpu-sweep.json" cpu.json; cp "$DATA/results/all-types.json" all.json; cp "$DATA/results/target-h100.json" h100.json
$ tokmark report
? 2
! tokmark: an argument is missing: usage: tokmark report RESULT... [-o report.html] [options]
$ tokmark report cpu.json -o
? 2
! tokmark: --output: needs a value
$ tokmark report cpu.json --colour
? 2
! tokmark: --colour: unknown option; see --help
$ tokmark report cpu.json -o r.html && head -c 15 r.html && echo && tail -1 r.html
> <!DOCTYPE html>
> </html>

# An existing report is kept unless asked; nothing is left beside it.
$ echo precious > kept.html; tokmark report cpu.json -o kept.html; echo exit $?; cat kept.html
> exit 2
> precious
! tokmark: --output kept.html: exists; --force overwrites it
$ tokmark report cpu.json -o kept.html --force && grep -c precious kept.html; ls
> 0
> all.json
> cpu.json
> h100.json
> kept.html
> r.html
$ tokmark report cpu.json -o no/such/folder/r.html
? 2
! tokmark: --output no/such/folder/r.html: No such file or directory
$ tokmark report cpu.json -o .
? 2
! tokmark: --output .: Is a directory
$ tokmark report cpu.json > /dev/full
? 1
! tokmark: standard output: a write failed
$ tokmark report cpu.json -o /dev/full
? 1
! tokmark: /dev/full: cannot be written: No space left on device

# The same arguments, the same bytes; standard output without -o.
$ tokmark report cpu.json all.json > one.html; OMP_NUM_THREADS=1 tokmark report cpu.json all.json > two.html; cmp one.html two.html && echo same
> same
$ tokmark report cpu.json --no-chart-js > plain.html; grep -c 'id="charts"' plain.html; grep -c '<svg viewBox' plain.html | grep -qx 0 || echo charts
> 0
> charts

# Verdicts, provenance and reasons are there; the policy lets nothing else run; nothing is fetched.
$ grep -o '<b>[0-9]*</b> [a-zA-Z ]*' one.html
> <b>8</b> VALID
> <b>2</b> SUSPECT
> <b>1</b> INVALID
> <b>3</b> no verdict
> <b>1</b> failed
> <b>2</b> skipped
$ for p in extrapolated predicted reported simulated composed; do grep -q "class=\"prov\">$p<" one.html && echo $p; done
> extrapolated
> predicted
> reported
> simulated
> composed
$ grep -q 'skipped: MoE\|MoE layers: not yet supported' one.html && grep -q 'the clock went backwards' one.html && echo reasons
> reasons
$ grep -o "default-src 'none'; style-src 'sha256-" one.html; grep -c "unsafe-inline" one.html; grep -cE '(src|href)="?(https?:)?//' one.html
? 1
> default-src 'none'; style-src 'sha256-
> 0
> 0
$ grep -q 'which tokens are counted is not stated' one.html && grep -q 'not a serving benchmark' one.html && echo honest
> honest

# Folders are walked; what can't be read is named there and in the report, and the rest goes on.
$ mkdir -p runs/deep && cp cpu.json runs/ && cp h100.json runs/deep/ && echo '{}' > runs/bad.json && echo text > runs/notes.txt && ln -s .. runs/deep/up && head -c 3000 cpu.json > runs/deep/cut.json
$ tokmark report runs -o runs.html; echo exit $?; grep -o '<p class="lead">.*' runs.html | sed 's/<[^>]*>//g'; grep -o '<li><code>.*' runs.html | sed 's/<[^>]*>//g'
> exit 1
> 2 results, 18 points on 2 runs; 3 files could not be read.
> runs/deep/up: is a link back to a folder that it lies in
> runs/bad.json: schema: missing: must be a string
> runs/deep/cut.json: 110:15: the file ends inside a string
! tokmark: runs/deep/up: is a link back to a folder that it lies in
! tokmark: runs/bad.json: schema: missing: must be a string
! tokmark: runs/deep/cut.json:110:15: the file ends inside a string
! tokmark: 3 of 5 could not be read; the report lists them
$ tokmark report missing.json -o x.html; echo exit $?; ls x.html 2>&1 | grep -c 'No such'
> exit 2
> 1
! tokmark: missing.json: cannot be opened: No such file or directory
! tokmark: no file could be read
$ tokmark report runs/bad.json runs/notes.txt -o x.html
? 2
! tokmark: runs/bad.json: schema: missing: must be a string
! tokmark: runs/notes.txt:1:1: expected a value, found 't'
! tokmark: no file could be read
$ mkdir none; tokmark report none -o x.html
? 2
! tokmark: no .json file in what was given
$ for k in binary zeros deep deep-object non-utf8 long-string many-keys twice trailing; do make_input $k > runs/k.json; tokmark report runs/k.json cpu.json > /dev/null; echo exit $?; done 2>&1 | sort | uniq -c | sort -rn | head -3
>       9 tokmark: 1 of 2 could not be read; the report lists it
>       9 exit 1
>       2 tokmark: runs/k.json: schema: missing: must be a string

# Another major version, and a later minor one.
$ sed 's/"schema_version": "1/"schema_version": "2/' cpu.json > v2.json; tokmark report v2.json cpu.json > /dev/null
? 1
! tokmark: v2.json: schema_version 2.3.0: this build reads 1.x
! tokmark: 1 of 2 could not be read; the report lists it
$ sed 's/"schema_version": "1.1.0"/"schema_version": "1.9.3"/' cpu.json > newer.json; tokmark report newer.json > /dev/null && echo read
> read
