# R's dbscan on points written by benchmark.py: path, radius, minimum points, file for the labels (0 is noise).
arguments <- commandArgs(trailingOnly = TRUE)
suppressPackageStartupMessages(library(dbscan))
file <- file(paste0(arguments[1], ".bin"), "rb")
shape <- readBin(file, "integer", 2)
points <- matrix(readBin(file, "double", prod(shape)), nrow = shape[1], ncol = shape[2])
close(file)
seconds <- system.time(
  found <- dbscan(points, eps = as.numeric(arguments[2]), minPts = as.integer(arguments[3]))
)[["elapsed"]]
write(found$cluster, arguments[4], ncolumns = 1)
status <- readLines("/proc/self/status")
peak <- as.numeric(gsub("[^0-9]", "", grep("^VmHWM", status, value = TRUE))) * 1024
cat(sprintf('{"seconds": %.6f, "peak": %.0f}\n', seconds, peak))
