/* Passes that sort a panel: locate rows among event times, count, order, gather. */

/* First of times[low..high) that lies after t, or high. */
static int64_t after(const double *times, int64_t low, int64_t high, double t)
{
    while (low < high) {
        int64_t middle = (low + high) >> 1;
        if (times[middle] <= t) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* first (n,), last (n,): first bin after start and last bin not after stop, within the row's
 * stratum; codes (n,) may be NULL, times (K,) ascend within strata, stratum_ptr (S + 1,). */
static int locate(int64_t n, const double *start, const double *stop, const int64_t *codes,
                  const double *times, const int64_t *stratum_ptr, int64_t *first, int64_t *last)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t s = codes ? codes[i] : 0, high = stratum_ptr[s + 1];
        first[i] = after(times, stratum_ptr[s], high, start[i]);
        last[i] = after(times, first[i], high, stop[i]) - 1;
    }
    return 0;
}

/* A row at risk at one bin sorts before all that are at risk at several, then by last bin. */
static int64_t key_of(const int64_t *first, const int64_t *last, int64_t i, int64_t bins)
{
    return last[i] + (first[i] < last[i] ? bins : 0);
}

/* counts (2K + 1,): how many rows sort before each key. */
static int count_rows(int64_t n, int64_t bins, const int64_t *first, const int64_t *last,
                      int64_t *counts)
{
    memset(counts, 0, (size_t)(2 * bins + 1) * sizeof *counts);
    for (int64_t i = 0; i < n; i++)
        if (first[i] <= last[i]) counts[key_of(first, last, i, bins) + 1]++;
    for (int64_t k = 0; k < 2 * bins; k++) counts[k + 1] += counts[k];
    return 0;
}

/* order (counts[2K],): rows at risk by key, in the caller's order within. */
static int order_rows(int64_t n, int64_t bins, const int64_t *first, const int64_t *last,
                      const int64_t *counts, int64_t *order)
{
    int64_t *place = room(2 * bins, sizeof *place);
    if (!place) return -1;
    memcpy(place, counts, (size_t)(2 * bins) * sizeof *place);
    for (int64_t i = 0; i < n; i++)
        if (first[i] <= last[i]) order[place[key_of(first, last, i, bins)]++] = i;
    free(place);
    return 0;
}

static inline int moments_at(int64_t n, int64_t p, const double *X, int64_t row, int64_t column,
                             const int64_t *first, const int64_t *last, double *mean,
                             double *spread)
{
    double *shift = room(p, sizeof *shift);
    int64_t count = 0;
    if (!shift) return -1;
    for (int64_t j = 0; j < p; j++) mean[j] = spread[j] = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double *x = X + i * row;
        if (first[i] > last[i]) continue;
        if (count++ == 0)
            for (int64_t j = 0; j < p; j++) shift[j] = x[j * column];
        for (int64_t j = 0; j < p; j++) mean[j] += x[j * column] - shift[j];
    }
    for (int64_t j = 0; j < p; j++) mean[j] = shift[j] + mean[j] / (double)count;
    for (int64_t i = 0; i < n; i++) {
        const double *x = X + i * row;
        if (first[i] > last[i]) continue;
        for (int64_t j = 0; j < p; j++) {
            double d = x[j * column] - mean[j];
            spread[j] += d * d;
        }
    }
    for (int64_t j = 0; j < p; j++) spread[j] = sqrt(spread[j] / (double)count);
    free(shift);
    return 0;
}

/* mean (p,), spread (p,) of each covariate over the rows at risk. Sums are of distances, first
 * from one of the rows, then from the mean, so that a large origin costs no digits.
 * x_ij = X[i * row_step + j * column_step]. */
static int moments(int64_t n, int64_t p, const double *X, int64_t row_step, int64_t column_step,
                   const int64_t *first, const int64_t *last, double *mean, double *spread)
{
    if (column_step == 1) return moments_at(n, p, X, row_step, 1, first, last, mean, spread);
    return moments_at(n, p, X, row_step, column_step, first, last, mean, spread);
}

/* out (p, m): the ordered rows, standardised, one contiguous line per covariate. */
static int gather(int64_t m, int64_t p, const double *X, int64_t row_step, int64_t column_step,
                  const int64_t *order, const double *centre, const double *factor, double *out)
{
    for (int64_t i = 0; i < m; i++) {
        const double *x = X + order[i] * row_step;
        for (int64_t j = 0; j < p; j++)
            out[j * m + i] = (x[j * column_step] - centre[j]) * factor[j];
    }
    return 0;
}
