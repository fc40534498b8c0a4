# Writes the files of r_files: a data frame with every type of column, as R's saveRDS and save write it.
#
#     Rscript tests/references/make_r_files.R [FOLDER]
#
# Needs R alone.

given <- commandArgs(trailingOnly = TRUE)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
folder <- if (length(given)) given[1] else file.path(here, "r_files")
path <- function(name) file.path(folder, name)

types <- data.frame(
  y = c(1.5, NA, 3, 4),
  n = c(1L, NA, 3L, 4L),
  whole = 1:4,
  f = factor(c("lo", "hi", NA, "mid"), levels = c("lo", "mid", "hi", "never")),
  o = factor(c("b", "a", "a", "b"), levels = c("b", "a"), ordered = TRUE),
  s = c("x", NA, "\u00e9", "NA"),
  b = c(TRUE, NA, FALSE, TRUE),
  day = as.Date(c("2024-01-02", NA, "2024-03-01", "1960-01-01")),
  time = as.POSIXct(c("2024-07-01 10:00:00", NA, "2024-03-01 00:00:00", "1960-01-01 00:00:00"), tz = "Europe/Berlin"),
  took = as.difftime(c(1, 2, 3, NA), units = "hours"),
  stringsAsFactors = FALSE
)
types$z <- scale(c(1, 2, 3, 6))
# What package bit64 makes of the whole numbers 2^53 + 1, NA, 9 and 7: their eight bytes, called a double.
types$long <- structure(
  readBin(as.raw(c(
    1, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 128, 9, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0
  )), "double", 4, endian = "little"),
  class = "integer64"
)
small <- data.frame(y = c(1, 2), g = factor(c("b", "a"), levels = c("b", "a")))
named <- small
rownames(named) <- c("first", "second")
answer <- 42

saveRDS(types, path("types.rds"))
saveRDS(types, path("types_xz.rds"), compress = "xz")
saveRDS(types, path("types_bzip2.rds"), compress = "bzip2")
saveRDS(types, path("types_plain.rds"), compress = FALSE)
saveRDS(types, path("types_ascii.rds"), ascii = TRUE)
saveRDS(types, path("types_version2.rds"), version = 2)
saveRDS(structure(types, class = c("tbl_df", "tbl", "data.frame")), path("tibble.rds"))
saveRDS(named, path("named_rows.rds"))
saveRDS(list(first = small, second = small), path("list.rds"))
saveRDS(as.matrix(small["y"]), path("matrix.rds"))
saveRDS(data.frame(m = I(matrix(1:4, 2))), path("matrix_column.rds"))
saveRDS(answer, path("number.rds"))
saveRDS(setNames(data.frame(1, 2), c("y", "y")), path("doubled.rds"))
save(small, file = path("one.rda"))
save(answer, small, file = path("one_frame.RData"))
save(small, named, answer, file = path("two_frames.RData"))
save(answer, file = path("no_frame.RData"))
