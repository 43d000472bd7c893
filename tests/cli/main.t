# The command line itself.

$ tokmark --version
$ tokmark --help
$ tokmark --help > a; tokmark help > b; tokmark -h > c; cmp a b && cmp a c
$ tokmark frobnicate
$ tokmark tagret r.json
$ tokmark help tagret
$ tokmark help frobnicate
$ tokmark ''
$ tokmark --bach 1
$ tokmark -z
$ tokmark RUN

# help CMD is CMD --help, for every command.
$ for c in run ops verify devices models claims target show; do tokmark help $c > a; tokmark $c --help > b; cmp a b && [ -s a ] || echo differs: $c; done

# Lines of help stay within 96 columns.
$ for c in run ops verify devices models claims target show; do tokmark $c --help | awk -v c=$c 'length > 96 { print c ": " $0 }'; done
