// A function that is compiled for several widths of vectors; the processor chooses when the program starts.
#pragma once

#define PARE_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
