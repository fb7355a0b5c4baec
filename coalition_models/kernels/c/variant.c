/* One set of instructions: every loop, compiled together under the flags of VARIANT. */
#include "kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Zeroed room for count things, of one at least; NULL where memory ran out. */
static void *room(int64_t count, size_t size)
{
    return calloc(count > 0 ? (size_t)count : 1, size);
}

#include "arrange.c"
#include "risk_sets.c"
#include "binary.c"
#include "newton.c"
#include "scores.c"
#include "batch.c"
#include "pairs.c"
#include "choices.c"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

extern const Kernels JOIN(kernels_, VARIANT);
const Kernels JOIN(kernels_, VARIANT) = {
    locate,         count_rows, order_rows,   moments, gather,        derivatives, climb,
    cluster_scores, fit_some,   mark_aliased, invert,  subset_starts, count_pairs, exponential,
    choices,
};
