module example.org/hkp-bench/measure

go 1.26.0
