#!/bin/sh
# Prints the architectures of this node's GPUs as nvcc spells them ("90a,100f"), nothing where there are none.
command -v nvidia-smi > /dev/null || exit 0
nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2> /dev/null | sort -u | while read -r cap; do
  case $cap in
    8.0) echo 80 ;;
    8.6) echo 86 ;;
    8.9) echo 89 ;;
    9.0) echo 90a ;;
    10.*) echo 100f ;;
    12.*) echo 120f ;;
    8.*) echo 80 ;; # 8.7, 8.8: code of 8.0 runs on them
  esac
done | sort -u | paste -sd, -
