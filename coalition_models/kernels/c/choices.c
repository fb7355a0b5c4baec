/* Which rows of a group are chosen, given how many: conditional logit and exact ties. */

/* line[i] becomes stay line[i] + r (line[i + 1] + fa a[i + 1] + fb b[i + 1] + fc c[i + 1]) for i
 * in low to high: upwards, so that it is done in place. a and b may be one line. */
static inline void turn(int64_t low, int64_t high, double stay, double r, double *restrict line,
                        const double *a, double fa, const double *b, double fb, const double *c,
                        double fc)
{
    for (int64_t i = low; i <= high; i++)
        line[i] = stay * line[i] +
                  r * (line[i + 1] + (fa * a[i + 1] + fb * b[i + 1]) + fc * c[i + 1]);
}

/* For each of S groups of at most L rows: the chance that as many rows are chosen as there are
 * events, and the mean (S, p) of the sums of their columns; the spreads about it are added up over
 * groups (p, p). X (L, S, p); taken and left (L, S) are each row's chances to be chosen and not.
 *
 * Choices of k rows among those seen so far stand at place d - k, with a nil beyond place d.
 * Gail, Lubin and Rubinstein (1981), as chances, which stay in range. */
static int choices(int64_t size, int64_t groups, int64_t p, const double *X, const double *taken,
                   const double *left, const int64_t *events, double *total, double *mean,
                   double *spread)
{
    int64_t most = 0, lines = sum_size(p), width;
    double *sums, *first, *second;
    for (int64_t s = 0; s < groups; s++)
        if (events[s] > most) most = events[s];
    width = most + 2;
    sums = room(lines * width, sizeof *sums);
    if (!sums) return -1;
    first = sums + width;
    second = first + p * width;
    memset(spread, 0, (size_t)(p * p) * sizeof *spread);
    for (int64_t s = 0; s < groups; s++) {
        int64_t d = events[s], seen = 0, rows = 0;
        double *line;
        memset(sums, 0, (size_t)(lines * width) * sizeof *sums);
        sums[d] = 1.0;
        for (int64_t i = 0; i < size; i++) rows += taken[i * groups + s] > 0.0;
        for (int64_t i = 0; i < size; i++) {
            double r = taken[i * groups + s], stay = left[i * groups + s];
            const double *x = X + (i * groups + s) * p;
            int64_t low, high;
            if (!(r > 0.0)) continue;
            seen++;
            low = d - seen > 0 ? d - seen : 0; /* no more are chosen than were seen */
            high = rows - seen < d ? rows - seen : d; /* enough are left to choose from */
            line = second;
            for (int64_t j = 0; j < p; j++)
                for (int64_t h = 0; h <= j; h++, line += width)
                    turn(low, high, stay, r, line, first + j * width, x[h], first + h * width,
                         x[j], sums, x[j] * x[h]);
            for (int64_t j = 0; j < p; j++) {
                double *own = first + j * width;
                for (int64_t h = low; h <= high; h++)
                    own[h] = stay * own[h] + r * (own[h + 1] + x[j] * sums[h + 1]);
            }
            for (int64_t h = low; h <= high; h++) sums[h] = stay * sums[h] + r * sums[h + 1];
        }
        total[s] = sums[0];
        line = second;
        for (int64_t j = 0; j < p; j++) {
            mean[s * p + j] = first[j * width] / sums[0];
            for (int64_t h = 0; h <= j; h++, line += width)
                spread[j * p + h] += line[0] / sums[0] - mean[s * p + j] * mean[s * p + h];
        }
    }
    for (int64_t j = 0; j < p; j++)
        for (int64_t h = 0; h < j; h++) spread[h * p + j] = spread[j * p + h];
    free(sums);
    return 0;
}
