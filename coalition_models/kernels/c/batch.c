/* Fits of many weightings or column subsets of one sorted panel. */

/* Room for one job after the other. */
typedef struct {
    Work work;
    double *doubles;
    int64_t *integers;
    double *weights, *room, *offset, *dense, *response; /* (m,), (p, m), (m,) ... */
    double *beta, *score, *information, *bread, *step, *scores;
    int64_t *cols, *rows, *place, *codes, *event_rows, *single_ptr, *long_ptr, *event_ptr;
    uint8_t *flags;
} Desk;

static int desk_open(Desk *d, const Jobs *jobs, int shrink)
{
    int64_t p = jobs->columns, m = jobs->panel->rows, bins = jobs->panel->bins;
    int64_t events = jobs->panel->event_ptr[bins], scores = jobs->clustered ? jobs->clusters * p : 0;
    int64_t many = shrink ? m : 0;
    double *at;
    int64_t *to;
    memset(d, 0, sizeof *d);
    d->doubles = at = room(4 * m + p * many + 3 * p + 2 * p * p + scores, sizeof *at);
    d->integers = to = room(p + 3 * m + events + 3 * (bins + 1), sizeof *to);
    d->flags = room(p, 1);
    if (!at || !to || !d->flags || work_open(&d->work, p)) {
        free(d->doubles);
        free(d->integers);
        free(d->flags);
        return -1;
    }
    d->weights = at, at += m;
    d->offset = at, at += m;
    d->dense = at, at += m;
    d->response = at, at += m;
    d->room = at, at += p * many;
    d->beta = at, at += p;
    d->score = at, at += p;
    d->step = at, at += p;
    d->information = at, at += p * p;
    d->bread = at, at += p * p;
    d->scores = at;
    d->cols = to, to += p;
    d->rows = to, to += m;
    d->place = to, to += m;
    d->codes = to, to += m;
    d->event_rows = to, to += events;
    d->single_ptr = to, to += bins + 1;
    d->long_ptr = to, to += bins + 1;
    d->event_ptr = to;
    return 0;
}

static void desk_close(Desk *d)
{
    work_close(&d->work);
    free(d->doubles);
    free(d->integers);
    free(d->flags);
}

/* Copy the rows of positive weight, where no row spans several bins. */
static Panel without_zeros(const Panel *panel, int64_t p, Desk *d, const int64_t *codes)
{
    Panel out = *panel;
    int64_t count = 0, events = 0, bins = panel->bins;
    for (int64_t k = 0; k < bins; k++) {
        d->single_ptr[k] = count;
        for (int64_t i = panel->single_ptr[k]; i < panel->single_ptr[k + 1]; i++) {
            /* without a branch: which clusters a draw leaves out cannot be predicted */
            d->place[i] = count;
            d->rows[count] = i;
            count += d->weights[i] > 0.0;
        }
    }
    d->single_ptr[bins] = count;
    for (int64_t j = 0; j < p; j++) {
        const double *line = panel->columns + j * panel->stride;
        double *copy = d->room + j * panel->rows;
        for (int64_t i = 0; i < count; i++) copy[i] = line[d->rows[i]];
    }
    for (int64_t i = 0; i < count; i++) {
        d->dense[i] = d->weights[d->rows[i]];
        if (panel->offset) d->offset[i] = panel->offset[d->rows[i]];
        if (panel->response) d->response[i] = panel->response[d->rows[i]];
        if (codes) d->codes[i] = codes[d->rows[i]];
    }
    for (int64_t k = 0; k < bins; k++) {
        d->event_ptr[k] = events;
        d->long_ptr[k] = count;
        for (int64_t e = panel->event_ptr[k]; e < panel->event_ptr[k + 1]; e++)
            if (d->weights[panel->event_rows[e]] > 0.0)
                d->event_rows[events++] = d->place[panel->event_rows[e]];
    }
    d->event_ptr[bins] = events;
    d->long_ptr[bins] = count;
    out.rows = count;
    out.stride = panel->rows;
    out.columns = d->room;
    if (panel->offset) out.offset = d->offset;
    if (panel->response) out.response = d->response;
    out.single_ptr = d->single_ptr;
    out.long_ptr = d->long_ptr;
    out.event_ptr = d->event_ptr;
    out.event_rows = d->event_rows;
    return out;
}

/* Job b's factor on each row, times the panel's own weights. */
static void weigh(const Jobs *jobs, int64_t b, double *weights)
{
    const double *factor = jobs->factors + b * jobs->width;
    int64_t m = jobs->panel->rows;
    for (int64_t i = 0; i < m; i++) weights[i] = factor[jobs->by_cluster ? jobs->codes[i] : i];
    for (int64_t i = 0; jobs->own && i < m; i++) weights[i] *= jobs->own[i];
}

/* Flag the q chosen columns that are combinations of others in the rows that count, whatever the
 * chances of a binary model; how many are none. */
static int64_t aliased_rows(const Panel *panel, int64_t q, const double *weights, double mass,
                            Desk *d)
{
    Panel flat = *panel;
    double nearest;
    flat.offset = NULL;
    memset(d->step, 0, (size_t)q * sizeof *d->step);
    binary(&flat, &d->work, q, d->cols, weights, d->step, LOGIT, 0, d->score, d->bread, NULL, NULL,
           &nearest);
    return find_aliased(q, d->bread, mass, d->flags, d->work.matrix);
}

/* Choose job b's columns that are not aliased, with derivatives at its start; how many. */
static int64_t begin(const Jobs *jobs, int64_t b, const Panel *panel, const double *weights,
                     double mass, Desk *d, double *loglik)
{
    int64_t p = jobs->columns, q = 0, kept, left = 0;
    int moved = 0, judged;
    for (int64_t j = 0; j < p; j++)
        if (jobs->masks[b * p + j]) {
            d->cols[q] = j;
            d->beta[q++] = jobs->starts[b * p + j];
        }
    for (;;) {
        double least = INFINITY;
        *loglik = height(panel, &d->work, q, d->cols, weights, d->beta, jobs->kind, d->score,
                         d->information);
        moved = 0;
        for (int64_t j = 0; j < q; j++) {
            if (d->information[j * q + j] < least) least = d->information[j * q + j];
            if (d->information[j * q + j] != d->information[j * q + j]) least = NAN;
            moved |= d->beta[j] != 0.0;
        }
        kept = find_aliased(q, d->information, mass, d->flags, d->work.matrix);
        if (!moved || (least > 1e-6 * mass && (jobs->kind < LOGIT || kept == q))) break;
        memset(d->beta, 0, (size_t)q * sizeof *d->beta); /* too far out: start at zero */
    }
    judged = jobs->kind >= LOGIT && kept < q;
    if (judged) kept = aliased_rows(panel, q, weights, mass, d);
    if (mass <= 0.0 || !(*loglik > -INFINITY)) {
        kept = 0;
        memset(d->flags, 1, (size_t)q);
    }
    if (kept == q && !judged) return q;
    for (int64_t j = 0; j < q; j++) {
        jobs->aliased[b * p + d->cols[j]] = d->flags[j];
        if (d->flags[j]) continue;
        d->cols[left] = d->cols[j];
        d->beta[left++] = d->beta[j];
    }
    *loglik = height(panel, &d->work, left, d->cols, weights, d->beta, jobs->kind, d->score,
                     d->information);
    return left;
}

/* Diagonal of V (sum of u u') V, u the cluster scores (G, q), into job b's places. */
static void clustered_variances(const Jobs *jobs, int64_t b, int64_t q, Desk *d)
{
    double *line = jobs->cluster + b * jobs->columns;
    for (int64_t j = 0; j < q; j++) line[d->cols[j]] = 0.0;
    for (int64_t g = 0; g < jobs->clusters; g++)
        for (int64_t j = 0; j < q; j++) {
            double s = 0.0;
            for (int64_t h = 0; h < q; h++) s += d->bread[j * q + h] * d->scores[g * q + h];
            line[d->cols[j]] += s * s;
        }
}

/* Scores by cluster at the maximum; of a binary model also what is reported there. 0, or -1. */
static int at_maximum(const Jobs *jobs, int64_t b, const Panel *panel, const double *weights,
                      const int64_t *codes, int64_t q, Desk *d)
{
    size_t scores = (size_t)(jobs->clusters * q) * sizeof *d->scores;
    if (jobs->kind < LOGIT)
        return jobs->clustered ? sum_scores(panel, &d->work, q, d->cols, weights, d->beta,
                                            jobs->kind == EFRON, codes, jobs->clusters, d->scores)
                               : 0;
    if (jobs->clustered) memset(d->scores, 0, scores);
    jobs->loglik[b] = binary(panel, &d->work, q, d->cols, weights, d->beta, jobs->kind,
                             (int)jobs->expected, d->score, d->information, codes,
                             jobs->clustered ? d->scores : NULL, jobs->nearest + b);
    if (!inverse_of(q, d->information, d->bread, d->work.matrix, d->work.vector))
        for (int64_t j = 0; j < q * q; j++) d->bread[j] = NAN;
    return 0;
}

/* Let row 0 of the bread be that of the intercept of the columns as given; its variance. */
static double intercept_variance(const Jobs *jobs, int64_t q, Desk *d)
{
    double variance = 0.0;
    for (int64_t h = 0; h < q; h++) {
        double s = 0.0;
        for (int64_t j = 0; j < q; j++) s += jobs->shift[d->cols[j]] * d->bread[j * q + h];
        d->work.vector[h] = s;
        variance += s * jobs->shift[d->cols[h]];
    }
    memcpy(d->bread, d->work.vector, (size_t)q * sizeof *d->bread);
    return variance;
}

static int fit_one(const Jobs *jobs, int64_t b, Desk *d, int shrink)
{
    int64_t p = jobs->columns, q, asked = 0, iterations, converged;
    const Panel *panel = jobs->panel;
    Panel smaller;
    const double *weights = jobs->own;
    const int64_t *codes = jobs->codes;
    double mass, loglik, decrement;
    if (jobs->factors) {
        weigh(jobs, b, d->weights);
        weights = d->weights;
        if (shrink) {
            smaller = without_zeros(panel, p, d, codes);
            panel = &smaller;
            weights = d->dense;
            if (codes) codes = d->codes;
        }
    }
    mass = mass_of(panel, weights, jobs->kind);
    for (int64_t j = 0; j < p; j++) asked += jobs->masks[b * p + j];
    q = begin(jobs, b, panel, weights, mass, d, &loglik);
    jobs->loglik[b] = mass > 0.0 ? loglik : 0.0;
    if (q == 0) {
        jobs->converged[b] = mass > 0.0 && asked == 0;
        return 0;
    }
    for (int64_t j = 0; j < q * q; j++) d->bread[j] = NAN;
    memset(d->step, 0, (size_t)q * sizeof *d->step);
    ascend(panel, &d->work, q, d->cols, weights, jobs->kind, jobs->max_iterations,
           jobs->tolerance, d->beta, d->score, d->information, d->bread, d->step, &loglik,
           &decrement, &iterations, &converged);
    jobs->loglik[b] = loglik;
    jobs->iterations[b] = iterations;
    jobs->converged[b] = (uint8_t)converged;
    if (converged && at_maximum(jobs, b, panel, weights, codes, q, d)) return -1;
    for (int64_t j = 0; j < q; j++) {
        jobs->beta[b * p + d->cols[j]] = d->beta[j];
        jobs->model[b * p + d->cols[j]] = d->bread[j * q + j];
        jobs->step[b * p + d->cols[j]] = d->step[j];
    }
    if (jobs->shift) jobs->model[b * p] = intercept_variance(jobs, q, d);
    if (jobs->clustered && converged) clustered_variances(jobs, b, q, d);
    return 0;
}

/* Fit jobs low to high; results in the columns' own places, others are left as they are. */
static int fit_some(const Jobs *jobs, int64_t low, int64_t high)
{
    Desk d;
    const Panel *panel = jobs->panel;
    int failed = 0;
    int shrink = jobs->factors && panel->long_ptr[panel->bins] == panel->long_ptr[0];
    if (desk_open(&d, jobs, shrink)) return -1;
    for (int64_t b = low; b < high && !failed; b++) failed = fit_one(jobs, b, &d, shrink);
    desk_close(&d);
    return failed;
}
