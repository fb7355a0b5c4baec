/* Log partial likelihood, score and information from sums over the risk sets.
 *
 * Sums run backwards in time. Rows at risk at one bin only are summed afresh for that bin; the
 * others enter a running sum when they are last at risk and leave it before they first are, as in
 * R's agfit4. Where most of a running sum has left it, it is summed anew, so that no digits are
 * lost. Sums go in a written order, LANES at a time, which the compiler may not change.
 */

#if defined(__AVX2__)
enum { CHUNK = 128, LANES = 4 };
#else
enum { CHUNK = 128, LANES = 2 };
#endif

typedef double lanes __attribute__((vector_size(8 * LANES)));
/* the same at any address of doubles */
typedef double lanes_there __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

static inline lanes load(const double *from) { return *(const lanes_there *)from; }

/* Sum of the lanes. */
static inline double across(lanes a)
{
#if defined(__AVX2__)
    return (a[0] + a[2]) + (a[1] + a[3]);
#else
    return a[0] + a[1];
#endif
}

/* exp(x) = (1 + *rest) power: x = k log 2 + r; *rest is exp(r) - 1 by its series, and 2^k comes
 * through the exponent's bits. Values are held to [-708, 709], the range of normal doubles; NaN
 * stays. */
static inline double power_of(double x, double *rest)
{
    double v = x < -708.0 ? -708.0 : x, k, r, r2, r4, q, power;
    int64_t bits;
    v = v > 709.0 ? 709.0 : v;
    k = v * 1.4426950408889634 + 6755399441055744.0; /* rounds to a whole number, low bits */
    memcpy(&bits, &k, sizeof bits);
    k -= 6755399441055744.0;
    r = (v - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    r2 = r * r;
    r4 = r2 * r2;
    /* 1/2! + r/3! + ... + r^11/13!, in pairs that do not wait for one another */
    q = ((0.5 + r * 0.16666666666666666) +
         r2 * (4.1666666666666664e-02 + r * 8.333333333333333e-03)) +
        r4 * (((1.388888888888889e-03 + r * 1.984126984126984e-04) +
               r2 * (2.48015873015873e-05 + r * 2.7557319223985893e-06)) +
              r4 * ((2.755731922398589e-07 + r * 2.505210838544172e-08) +
                    r2 * (2.08767569878681e-09 + r * 1.6059043836821613e-10)));
    bits = (int64_t)((uint64_t)(bits + 1023) << 52);
    memcpy(&power, &bits, sizeof power);
    *rest = r + r2 * q;
    return power;
}

/* out (n,): exponentials to the last place, in a form that compilers vectorise and in an order
 * that they may not change. */
static void row_exp(int64_t n, const double *restrict x, double *restrict out)
{
    for (int64_t i = 0; i < n; i++) {
        double rest, power = power_of(x[i], &rest);
        out[i] = (1.0 + rest) * power;
    }
}

/* out (n,): exponentials less 1, of values up to 0. */
static void row_expm1(int64_t n, const double *restrict x, double *restrict out)
{
    for (int64_t i = 0; i < n; i++) {
        double rest, power = power_of(x[i], &rest);
        out[i] = rest * power + (power - 1.0);
    }
}

static int exponential(int64_t n, const double *x, double *out)
{
    row_exp(n, x, out);
    return 0;
}

/* Room for the passes over p covariates: lines of CHUNK rows, and small sums and matrices. */
typedef struct {
    int64_t p;
    const double **x;      /* (p rounded up to fours,) where each covariate's rows stand */
    double *copies;        /* (p, CHUNK) rows copied together */
    double *nil;           /* (CHUNK,) zeros, for covariates beyond p */
    double *eta, *risk, *case_weight, *one, *two, *pull; /* (CHUNK,) */
    double *running, *total, *tied; /* (1 + p + p (p + 1) / 2,), tied with p more */
    double *matrix, *vector, *trial, *origin, *move; /* (p, p), (p,) ... */
    double *block;
} Work;

static int64_t sum_size(int64_t p) { return 1 + p + p * (p + 1) / 2; }

static int work_open(Work *w, int64_t p)
{
    int64_t wide = (p + 3) / 4 * 4, size = sum_size(p);
    int64_t doubles = (p + 7) * CHUNK + 3 * size + p + p * p + 5 * p;
    double *at;
    w->p = p;
    w->x = room(wide + 1, sizeof *w->x);
    w->block = at = room(doubles, sizeof *at);
    if (!w->x || !at) {
        free(w->x);
        free(at);
        return -1;
    }
    w->nil = at, at += CHUNK;
    w->eta = at, at += CHUNK;
    w->risk = at, at += CHUNK;
    w->case_weight = at, at += CHUNK;
    w->one = at, at += CHUNK;
    w->two = at, at += CHUNK;
    w->pull = at, at += CHUNK;
    w->copies = at, at += p * CHUNK;
    w->running = at, at += size;
    w->total = at, at += size;
    w->tied = at, at += size + p;
    w->matrix = at, at += p * p;
    w->vector = at, at += p;
    w->trial = at, at += p;
    w->origin = at, at += p;
    w->move = at, at += p;
    return 0;
}

/* Let the lines past p covariates be nil, up to the lanes' end and one more. */
static void pad(Work *w, int64_t p)
{
    for (int64_t j = p; j <= (p + 3) / 4 * 4; j++) w->x[j] = w->nil;
}

static void work_close(Work *w)
{
    free(w->x);
    free(w->block);
}

/* eta (n,): linear predictors of the rows at w->x, on top of the offsets in it. */
static void predict(const Work *w, int64_t p, int64_t n, const double *beta)
{
    double *restrict eta = w->eta;
    for (int64_t j = 0; j < p; j += 4) {
        const double *x0 = w->x[j], *x1 = w->x[j + 1], *x2 = w->x[j + 2], *x3 = w->x[j + 3];
        double b0 = beta[j], b1 = j + 1 < p ? beta[j + 1] : 0.0;
        double b2 = j + 2 < p ? beta[j + 2] : 0.0, b3 = j + 3 < p ? beta[j + 3] : 0.0;
        for (int64_t i = 0; i < n; i++)
            eta[i] += (b0 * x0[i] + b1 * x1[i]) + (b2 * x2[i] + b3 * x3[i]);
    }
}

/* Products of lines one and two with four covariates each: sums[0..3] and sums[4..7]. */
static void products(int64_t n, const double *one, const double *two, const double *const *x,
                     double *sums)
{
    const double *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
    lanes a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0}, b0 = {0}, b1 = {0}, b2 = {0}, b3 = {0};
    for (int64_t i = 0; i < n; i += LANES) {
        lanes a = load(one + i), b = load(two + i), v = load(x0 + i);
        a0 += a * v, b0 += b * v;
        v = load(x1 + i), a1 += a * v, b1 += b * v;
        v = load(x2 + i), a2 += a * v, b2 += b * v;
        v = load(x3 + i), a3 += a * v, b3 += b * v;
    }
    sums[0] = across(a0), sums[1] = across(a1), sums[2] = across(a2), sums[3] = across(a3);
    sums[4] = across(b0), sums[5] = across(b1), sums[6] = across(b2), sums[7] = across(b3);
}

/* out = a x over n values; returns its sum. */
static double times(int64_t n, const double *a, const double *x, double *out)
{
    lanes s = {0};
    for (int64_t i = 0; i < n; i += LANES) {
        lanes v = load(a + i) * load(x + i);
        *(lanes_there *)(out + i) = v;
        s += v;
    }
    return across(s);
}

/* Add n rows at w->x (a multiple of LANES), each times its number r in w->risk, to total (times
 * sign): the sums of r, of r x, and if full of r x x' (lower triangle, row by row). */
static void accumulate(const Work *w, int64_t p, int64_t n, double sign, int64_t full,
                       double *total)
{
    double *risk = w->risk, sums[8], s;
    lanes first = {0};
    for (int64_t i = 0; i < n; i += LANES) first += load(risk + i);
    total[0] += sign * across(first);
    for (int64_t j = 0; j < p; j += 2) {
        double *row = total + 1 + p + j * (j + 1) / 2, *next = row + j + 1;
        int64_t last = j + 1 < p ? j + 1 : j;
        total[1 + j] += sign * times(n, risk, w->x[j], w->one);
        s = times(n, risk, w->x[j + 1], w->two);
        if (last > j) total[2 + j] += sign * s;
        for (int64_t h = 0; full && h <= last; h += 4) {
            products(n, w->one, w->two, w->x + h, sums);
            for (int64_t g = 0; g < 4 && h + g <= j; g++) row[h + g] += sign * sums[g];
            for (int64_t g = 0; last > j && g < 4 && h + g <= last; g++)
                next[h + g] += sign * sums[4 + g];
        }
    }
}

/* Accumulate the risks of the m rows at w->x, whose offsets stand in eta. */
static void add(const Work *w, int64_t p, int64_t m, int weighted, const double *beta,
                double sign, int64_t full, double *total)
{
    int64_t n = (m + LANES - 1) / LANES * LANES;
    double *risk = w->risk;
    predict(w, p, n, beta);
    row_exp(n, w->eta, risk);
    if (weighted)
        for (int64_t i = 0; i < m; i++) risk[i] *= w->case_weight[i];
    for (int64_t i = m; i < n; i++) risk[i] = 0.0;
    accumulate(w, p, n, sign, full, total);
}

/* Put n rows to add, of which m count, where add() looks for them: in place, or copied together
 * where the line ends before the last lanes do. */
static void put_range(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                      const double *weights, int64_t begin, int64_t m)
{
    int64_t n = (m + LANES - 1) / LANES * LANES;
    for (int64_t j = 0; j < p; j++) {
        const double *line = panel->columns + cols[j] * panel->stride + begin;
        double *copy = w->copies + j * CHUNK;
        if (begin + n <= panel->rows) {
            w->x[j] = line;
            continue;
        }
        for (int64_t i = 0; i < n; i++) copy[i] = i < m ? line[i] : 0.0;
        w->x[j] = copy;
    }
    memset(w->eta, 0, (size_t)n * sizeof *w->eta);
    if (panel->offset) memcpy(w->eta, panel->offset + begin, (size_t)m * sizeof *w->eta);
    if (weights) memcpy(w->case_weight, weights + begin, (size_t)m * sizeof *weights);
}

/* Add rows low to high. */
static void add_range(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                      const double *weights, const double *beta, int64_t low, int64_t high,
                      int64_t full, double *total)
{
    for (int64_t begin = low; begin < high; begin += CHUNK) {
        int64_t m = high - begin < CHUNK ? high - begin : CHUNK;
        put_range(panel, w, p, cols, weights, begin, m);
        add(w, p, m, weights != NULL, beta, 1.0, full, total);
    }
}

/* Add (or, with sign -1, take away) up to CHUNK scattered rows. */
static void add_rows(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                     const double *weights, const double *beta, const int64_t *rows, int64_t m,
                     double sign, int64_t full, double *total)
{
    int64_t n = (m + LANES - 1) / LANES * LANES;
    for (int64_t j = 0; j < p; j++) {
        const double *line = panel->columns + cols[j] * panel->stride;
        double *copy = w->copies + j * CHUNK;
        for (int64_t i = 0; i < m; i++) copy[i] = line[rows[i]];
        for (int64_t i = m; i < n; i++) copy[i] = 0.0;
        w->x[j] = copy;
    }
    memset(w->eta, 0, (size_t)n * sizeof *w->eta);
    for (int64_t i = 0; panel->offset && i < m; i++) w->eta[i] = panel->offset[rows[i]];
    for (int64_t i = 0; weights && i < m; i++) w->case_weight[i] = weights[rows[i]];
    add(w, p, m, weights != NULL, beta, sign, full, total);
}

/* Sum the long rows at risk at bin k, all of which lie before high, from nothing. */
static void sum_anew(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                     const double *weights, const double *beta, int64_t k, int64_t high,
                     int64_t full, double *total)
{
    int64_t rows[CHUNK], count = 0, singles = panel->single_ptr[panel->bins];
    memset(total, 0, (size_t)sum_size(p) * sizeof *total);
    for (int64_t i = panel->long_ptr[k]; i < high; i++) {
        if (panel->first[i - singles] <= k) rows[count++] = i;
        if (count == CHUNK || (count && i + 1 == high)) {
            add_rows(panel, w, p, cols, weights, beta, rows, count, 1.0, full, total);
            count = 0;
        }
    }
    if (count) add_rows(panel, w, p, cols, weights, beta, rows, count, 1.0, full, total);
}

/* Risk of one row without its weight; *eta receives its linear predictor. */
static double risk_of(const Panel *panel, int64_t p, const int64_t *cols, const double *beta,
                      int64_t i, double *eta)
{
    double r;
    *eta = panel->offset ? panel->offset[i] : 0.0;
    for (int64_t j = 0; j < p; j++) *eta += beta[j] * panel->columns[cols[j] * panel->stride + i];
    row_exp(1, eta, &r);
    return r;
}

/* Sum the events of bin k into tied: r, r x, r x x' (lower), and past these w x. Their number is
 * returned, *mass is their weight and *predictor their weighted linear predictor. */
static int64_t sum_events(const Panel *panel, int64_t p, const int64_t *cols,
                          const double *weights, const double *beta, int64_t k, double *tied,
                          double *mass, double *predictor)
{
    int64_t count = 0, size = sum_size(p);
    memset(tied, 0, (size_t)(size + p) * sizeof *tied);
    *mass = *predictor = 0.0;
    for (int64_t e = panel->event_ptr[k]; e < panel->event_ptr[k + 1]; e++) {
        int64_t i = panel->event_rows[e];
        double eta, r, weight = weights ? weights[i] : 1.0, *second = tied + 1 + p;
        if (weight <= 0.0) continue;
        r = weight * risk_of(panel, p, cols, beta, i, &eta);
        count++;
        *mass += weight;
        *predictor += weight * eta;
        tied[0] += r;
        for (int64_t j = 0; j < p; j++) {
            double x = panel->columns[cols[j] * panel->stride + i];
            tied[1 + j] += r * x;
            tied[size + j] += weight * x;
            for (int64_t h = 0; h <= j; h++)
                *second++ += r * x * panel->columns[cols[h] * panel->stride + i];
        }
    }
    return count;
}

/* Terms of a bin's log denominators: d events of weight mass, risk total s and tied total t; f is
 * 0, 1/d, ... under Efron and 0 under Breslow, g = 1 / (s - f t), w = mass / d. */
typedef struct {
    double logs;              /* sum of w log(s - f t) */
    double c1, c2, e1, e2, e3; /* sums of w g, w f g, w g^2, w f g^2, w f^2 g^2 */
} Terms;

static Terms tie_terms(int64_t d, double mass, double s, double t, int64_t efron)
{
    Terms out = {0};
    double w = mass / (double)d;
    if (!efron) {
        out.logs = mass * log(s);
        out.c1 = mass / s;
        out.e1 = out.c1 / s;
        return out;
    }
    for (int64_t h = 0; h < d; h++) {
        double f = (double)h / (double)d, den = s - f * t, g = 1.0 / den;
        out.logs += w * log(den);
        out.c1 += w * g;
        out.c2 += w * f * g;
        out.e1 += w * g * g;
        out.e2 += w * f * g * g;
        out.e3 += w * f * f * g * g;
    }
    return out;
}

/* Take one bin's totals into score (p,) and information (p, p), lower triangle. */
static void collect(int64_t p, const double *total, const double *tied, const Terms *t,
                    int64_t full, double *score, double *information)
{
    const double *a = total + 1, *b = tied + 1, *aa = a + p, *bb = b + p, *wx = tied + sum_size(p);
    for (int64_t j = 0; j < p; j++) {
        double left = a[j] * t->e1 - b[j] * t->e2, right = b[j] * t->e3 - a[j] * t->e2;
        score[j] += wx[j] - (a[j] * t->c1 - b[j] * t->c2);
        for (int64_t h = 0; full && h <= j; h++)
            information[j * p + h] +=
                aa[h] * t->c1 - bb[h] * t->c2 - left * a[h] - right * b[h];
        aa += j + 1, bb += j + 1;
    }
}

/* Log partial likelihood at beta (p,) of the covariates cols (p,); writes its score (p,) and, if
 * full, its information (p, p). sums, if not NULL, is (K, 2, 1 + p) or, with full,
 * (K, 2, 1 + p + p (p + 1) / 2) and receives each bin's totals over R_k and over D_k. */
static double evaluate(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                       const double *weights, const double *beta, int64_t efron, int64_t full,
                       double *score, double *information, double *sums)
{
    int64_t size = sum_size(p), kept = full ? size : 1 + p, bins = panel->bins, end = 0;
    int longs = panel->long_ptr[bins] > panel->long_ptr[0];
    double loglik = 0.0, highest = 0.0, mass, predictor, *running = w->running, *total = w->total;
    pad(w, p);
    memset(running, 0, (size_t)size * sizeof *running);
    memset(score, 0, (size_t)p * sizeof *score);
    memset(information, 0, (size_t)(p * p) * sizeof *information);
    for (int64_t k = bins - 1; k >= 0; k--) {
        int64_t d;
        if (panel->closes[k]) {
            memset(running, 0, (size_t)size * sizeof *running);
            highest = 0.0;
            end = panel->long_ptr[k + 1];
        }
        d = sum_events(panel, p, cols, weights, beta, k, w->tied, &mass, &predictor);
        if (longs) {
            add_range(panel, w, p, cols, weights, beta, panel->long_ptr[k],
                      panel->long_ptr[k + 1], full, running);
            if (running[0] > highest) {
                highest = running[0];
            } else if (running[0] < 1e-4 * highest) {
                sum_anew(panel, w, p, cols, weights, beta, k, end, full, running);
                highest = running[0];
            }
        }
        if (d > 0) {
            Terms t;
            memcpy(total, running, (size_t)size * sizeof *total);
            add_range(panel, w, p, cols, weights, beta, panel->single_ptr[k],
                      panel->single_ptr[k + 1], full, total);
            t = tie_terms(d, mass, total[0], w->tied[0], efron);
            loglik += predictor - t.logs;
            collect(p, total, w->tied, &t, full, score, information);
            if (sums) {
                memcpy(sums + 2 * k * kept, total, (size_t)kept * sizeof *total);
                memcpy(sums + (2 * k + 1) * kept, w->tied, (size_t)kept * sizeof *total);
            }
        }
        for (int64_t e = panel->leave_ptr[k]; longs && e < panel->leave_ptr[k + 1]; e += CHUNK) {
            int64_t left = panel->leave_ptr[k + 1] - e;
            add_rows(panel, w, p, cols, weights, beta, panel->leave_rows + e,
                     left < CHUNK ? left : CHUNK, -1.0, full, running);
        }
    }
    for (int64_t j = 0; j < p; j++)
        for (int64_t h = 0; h < j; h++) information[h * p + j] = information[j * p + h];
    return loglik;
}

/* evaluate() with room of its own; *loglik receives the value. */
static int derivatives(const Panel *panel, int64_t p, const int64_t *cols, const double *weights,
                       const double *beta, int64_t efron, int64_t full, double *score,
                       double *information, double *sums, double *loglik)
{
    Work w;
    if (work_open(&w, p)) return -1;
    *loglik = evaluate(panel, &w, p, cols, weights, beta, efron, full, score, information, sums);
    work_close(&w);
    return 0;
}
