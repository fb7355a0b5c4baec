/* Score residuals summed by cluster (Lin and Wei 1989). */

enum { TABLE_DOUBLES = 1 << 22 }; /* room for tables at once, some 32 MB */

/* Sums of values (K,) between each bin and the middle of its block of 2, 4, 8, ... bins: table
 * (levels, K). The bins first..last straddle the middle of exactly one such block, that of the
 * highest bit in which the two differ; their sum is the entry at first plus the one at last.
 * Adding only: a difference of running sums loses the digits of small values. */
static void span_table(int64_t bins, int64_t levels, const double *values, double *table)
{
    for (int64_t level = 0; level < levels; level++, table += bins) {
        int64_t half = (int64_t)1 << level;
        for (int64_t block = 0; block < bins; block += 2 * half) {
            int64_t middle = block + half < bins ? block + half : bins;
            int64_t end = block + 2 * half < bins ? block + 2 * half : bins;
            double s = 0.0;
            for (int64_t k = middle - 1; k >= block; k--) table[k] = s += values[k];
            s = 0.0;
            for (int64_t k = middle; k < end; k++) table[k] = s += values[k];
        }
    }
}

/* Hazard (K,) and drift (p, K) of each bin: sums over its log terms of w g and of w g times the
 * mean covariate; and into scores (G, p) the events themselves, with what their own bin takes
 * less from them than from the others. sums (K, 2, 1 + p) as evaluate() gives it. */
static void event_scores(const Panel *panel, int64_t p, const int64_t *cols,
                         const double *weights, const double *beta, int64_t efron,
                         const int64_t *codes, const double *sums, double *hazard,
                         double *drift, double *scores)
{
    int64_t bins = panel->bins;
    for (int64_t k = 0; k < bins; k++) {
        const double *a = sums + 2 * k * (1 + p), *b = a + 1 + p;
        int64_t d = 0;
        double mass = 0.0;
        Terms t = {0};
        for (int64_t e = panel->event_ptr[k]; e < panel->event_ptr[k + 1]; e++) {
            double weight = weights ? weights[panel->event_rows[e]] : 1.0;
            if (weight > 0.0) d++, mass += weight;
        }
        if (d > 0) t = tie_terms(d, mass, a[0], b[0], efron);
        hazard[k] = t.c1;
        for (int64_t j = 0; j < p; j++)
            drift[j * bins + k] = a[1 + j] * t.e1 - b[1 + j] * t.e2;
        for (int64_t e = panel->event_ptr[k]; d > 0 && e < panel->event_ptr[k + 1]; e++) {
            int64_t i = panel->event_rows[e];
            double eta, r, weight = weights ? weights[i] : 1.0;
            if (weight <= 0.0) continue;
            r = risk_of(panel, p, cols, beta, i, &eta);
            for (int64_t j = 0; j < p; j++) {
                double x = panel->columns[cols[j] * panel->stride + i];
                double mean = (a[1 + j] * t.c1 - b[1 + j] * t.c2) / mass;
                double less = a[1 + j] * t.e2 - b[1 + j] * t.e3;
                scores[codes[i] * p + j] += weight * (x - mean + r * (x * t.c2 - less));
            }
        }
    }
}

/* Take from scores (G, p), columns from to to, what m rows from begin accumulate: their risk
 * times (x h - a), with h and a the sums of hazard and drift over each row's bins. k is the last
 * bin of all; tables, NULL for single rows, are hazard's and then those columns' drifts'. */
static void take_rows(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                      const double *weights, const double *beta, const int64_t *codes,
                      int64_t k, int64_t begin, int64_t m, int64_t from, int64_t to,
                      const double *hazard, const double *drift, const double *tables,
                      int64_t size, const int64_t *highest, double *block, double *scores)
{
    int64_t bins = panel->bins, at_first[CHUNK], at_last[CHUNK];
    const int64_t *first = panel->first + (begin - panel->single_ptr[bins]);
    double *h = w->one;
    put_range(panel, w, p, cols, weights, begin, m);
    predict(w, p, m, beta);
    row_exp(m, w->eta, w->risk);
    for (int64_t i = 0; weights && i < m; i++) w->risk[i] *= w->case_weight[i];
    for (int64_t i = 0; i < m; i++) {
        h[i] = hazard[k];
        if (!tables) continue;
        at_first[i] = highest[first[i] ^ k] * bins + first[i];
        at_last[i] = highest[first[i] ^ k] * bins + k;
        h[i] = tables[at_first[i]] + tables[at_last[i]];
    }
    for (int64_t j = from; j < to; j++) {
        const double *x = w->x[j], *table = tables + (1 + j - from) * size;
        double *out = block + (j - from) * CHUNK, own = drift[j * bins + k];
        if (tables)
            for (int64_t i = 0; i < m; i++)
                out[i] = w->risk[i] * (x[i] * h[i] - (table[at_first[i]] + table[at_last[i]]));
        else
            for (int64_t i = 0; i < m; i++) out[i] = w->risk[i] * (x[i] * h[i] - own);
    }
    for (int64_t i = 0; i < m; i++) {
        double *line = scores + codes[begin + i] * p;
        for (int64_t j = from; j < to; j++) line[j] -= block[(j - from) * CHUNK + i];
    }
}

/* take_rows() for the rows of every bin, single or long. */
static void take_part(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                      const double *weights, const double *beta, const int64_t *codes,
                      const int64_t *ptr, int64_t from, int64_t to, const double *hazard,
                      const double *drift, const double *tables, int64_t size,
                      const int64_t *highest, double *block, double *scores)
{
    for (int64_t k = 0; k < panel->bins; k++)
        for (int64_t begin = ptr[k]; begin < ptr[k + 1]; begin += CHUNK) {
            int64_t m = ptr[k + 1] - begin < CHUNK ? ptr[k + 1] - begin : CHUNK;
            take_rows(panel, w, p, cols, weights, beta, codes, k, begin, m, from, to, hazard,
                      drift, tables, size, highest, block, scores);
        }
}

/* scores (G, p): weighted score residuals at beta summed by cluster codes (m,). Two passes: sums
 * per bin, then each row's share. Tables of long rows are made for some columns at a time where
 * all would take too much memory. */
static int sum_scores(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                      const double *weights, const double *beta, int64_t efron,
                      const int64_t *codes, int64_t clusters, double *scores)
{
    int64_t bins = panel->bins, levels = 0, size, group;
    int longs = panel->long_ptr[bins] > panel->long_ptr[0];
    double *sums, *hazard, *drift, *block, *tables = NULL;
    int64_t *highest = room(2 * bins, sizeof *highest);
    for (int64_t k = 2; highest && k < 2 * bins; k++) highest[k] = highest[k >> 1] + 1;
    if (longs && highest) levels = highest[bins - 1] + 1;
    size = levels * bins;
    group = size && TABLE_DOUBLES / size > 2 ? TABLE_DOUBLES / size - 1 : 1;
    if (group > p) group = p;
    if (longs) tables = room((1 + group) * size, sizeof *tables);
    sums = room(bins * 2 * (1 + p) + bins + p * bins + p * CHUNK + p + p * p, sizeof *sums);
    if (!sums || !highest || (longs && !tables)) {
        free(sums);
        free(highest);
        free(tables);
        return -1;
    }
    hazard = sums + bins * 2 * (1 + p);
    drift = hazard + bins;
    block = drift + p * bins;
    memset(scores, 0, (size_t)(clusters * p) * sizeof *scores);
    evaluate(panel, w, p, cols, weights, beta, efron, 0, block + p * CHUNK,
             block + p * CHUNK + p, sums);
    event_scores(panel, p, cols, weights, beta, efron, codes, sums, hazard, drift, scores);
    take_part(panel, w, p, cols, weights, beta, codes, panel->single_ptr, 0, p, hazard, drift,
              NULL, 0, highest, block, scores);
    if (longs) span_table(bins, levels, hazard, tables);
    for (int64_t from = 0; longs && from < p; from += group) {
        int64_t to = from + group < p ? from + group : p;
        for (int64_t j = from; j < to; j++)
            span_table(bins, levels, drift + j * bins, tables + (1 + j - from) * size);
        take_part(panel, w, p, cols, weights, beta, codes, panel->long_ptr, from, to, hazard,
                  drift, tables, size, highest, block, scores);
    }
    free(sums);
    free(highest);
    free(tables);
    return 0;
}

/* sum_scores() with room of its own. */
static int cluster_scores(const Panel *panel, int64_t p, const int64_t *cols,
                          const double *weights, const double *beta, int64_t efron,
                          const int64_t *codes, int64_t clusters, double *scores)
{
    Work w;
    int failed;
    if (work_open(&w, p)) return -1;
    failed = sum_scores(panel, &w, p, cols, weights, beta, efron, codes, clusters, scores);
    work_close(&w);
    return failed;
}
