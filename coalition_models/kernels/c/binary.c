/* Log-likelihood, score and information of a binary response, for batch.c.
 *
 * The rows are those of a panel of one bin, with a response of 0 and 1. Numbers are those of
 * row_terms() and log_likelihood() in ../binomial.py.
 */

/* What is maximised: a partial likelihood by its rule for ties, or a binary model by its link. */
enum { BRESLOW, EFRON, LOGIT, PROBIT, CLOGLOG };

static const double SMALLEST = 1e-300;

/* out (n,): logarithms of positive normal doubles, in a form that compilers vectorise. x = m 2^k
 * with m about 1; log m = 2 (s + s^3/3 + ...) with s = (m - 1) / (m + 1). */
static void row_log(int64_t n, const double *restrict x, double *restrict out)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits, whole;
        double m, k, s, z;
        memcpy(&bits, &x[i], sizeof bits);
        /* 1024 + k, which stays positive */
        whole = (bits - 0x3fe6a09e667f3bcdull + (1024ull << 52)) >> 52;
        bits -= (whole - 1024ull) << 52;
        whole |= 0x4330000000000000ull;
        memcpy(&m, &bits, sizeof m);
        memcpy(&k, &whole, sizeof k);
        k -= 4503599627370496.0 + 1024.0;
        s = (m - 1.0) / (m + 1.0);
        z = s * s;
        out[i] = k * 6.931471805599453e-01 +
                 2.0 * (s + s * z *
                        (0.3333333333333333 + z * (0.2 + z * (0.14285714285714285 +
                         z * (0.1111111111111111 + z * (0.09090909090909091 +
                         z * (0.07692307692307693 + z * (0.06666666666666667 +
                         z * (0.058823529411764705 + z * (0.05263157894736842 +
                         z * 0.047619047619047616))))))))));
    }
}

/* The lines p, q (chances of 1 and 0), slope (dp / d eta) and bend (its own slope over it). */
typedef struct {
    double p[CHUNK], q[CHUNK], slope[CHUNK], bend[CHUNK], work[CHUNK];
} Chances;

static void chances(int64_t n, const double *restrict eta, int64_t link, Chances *restrict c)
{
    double *restrict p = c->p, *restrict q = c->q, *restrict t = c->work;
    if (link == LOGIT) {
        for (int64_t i = 0; i < n; i++) t[i] = -fabs(eta[i]);
        row_exp(n, t, c->slope);
        for (int64_t i = 0; i < n; i++) {
            double large = 1.0 / (1.0 + c->slope[i]), small = c->slope[i] * large;
            p[i] = eta[i] >= 0.0 ? large : small;
            q[i] = eta[i] >= 0.0 ? small : large;
            c->slope[i] = p[i] * q[i];
            c->bend[i] = 1.0 - 2.0 * p[i];
        }
    } else if (link == PROBIT) {
        for (int64_t i = 0; i < n; i++) {
            double small = 0.5 * erfc(0.7071067811865476 * fabs(eta[i]));
            p[i] = eta[i] >= 0.0 ? 1.0 - small : small;
            q[i] = eta[i] >= 0.0 ? small : 1.0 - small;
            t[i] = -0.5 * eta[i] * eta[i];
            c->bend[i] = -eta[i];
        }
        row_exp(n, t, c->slope);
        for (int64_t i = 0; i < n; i++) c->slope[i] *= 0.3989422804014327;
    } else {
        double *restrict h = c->bend;
        for (int64_t i = 0; i < n; i++) t[i] = eta[i] < 700.0 ? eta[i] : 700.0;
        row_exp(n, t, h);
        for (int64_t i = 0; i < n; i++) t[i] = -h[i];
        row_exp(n, t, q);
        row_expm1(n, t, p);
        for (int64_t i = 0; i < n; i++) t[i] = eta[i] - h[i];
        row_exp(n, t, c->slope);
        for (int64_t i = 0; i < n; i++) {
            p[i] = -p[i];
            c->bend[i] = 1.0 - h[i];
        }
    }
}

/* From the predictors of n rows, m of which count, to each row's pull on its predictor and the
 * weight of its information (w->pull, w->risk). Adds to *loglik, lowers *nearest to the least
 * chance of 0 or 1. */
static void row_terms(const Work *w, int64_t n, int64_t m, int64_t link, int expected,
                      const double *response, double *loglik, double *nearest)
{
    Chances c;
    double logs[CHUNK], least = *nearest;
    const double *restrict weight = w->case_weight;
    lanes sum = {0};
    chances(n, w->eta, link, &c);
    for (int64_t i = 0; i < n; i++) {
        double y = i < m ? response[i] : 0.0, chance = y > 0.5 ? c.p[i] : c.q[i];
        double rest = y > 0.5 ? c.q[i] : -c.p[i], both = c.p[i] * c.q[i];
        double ratio = c.slope[i] / (both > SMALLEST ? both : SMALLEST);
        double information = weight[i] * c.slope[i] * ratio;
        double bend = ratio * c.bend[i] - ratio * ratio * (1.0 - 2.0 * c.p[i]);
        w->risk[i] = expected ? information : information - weight[i] * rest * bend;
        w->pull[i] = weight[i] * rest * ratio;
        c.work[i] = chance > SMALLEST ? chance : SMALLEST;
    }
    for (int64_t i = 0; i < m; i++) {
        double small = c.p[i] < c.q[i] ? c.p[i] : c.q[i];
        if (weight[i] > 0.0 && small < least) least = small;
    }
    row_log(n, c.work, logs);
    for (int64_t i = 0; i < n; i += LANES) sum += load(logs + i) * load(weight + i);
    *loglik += across(sum);
    *nearest = least;
}

/* Log-likelihood at beta (p,) of the columns cols (p,), with score and information; expected asks
 * for the expected one. scores (G, p), if not NULL, receives the scores summed by codes (m,). */
static double binary(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                     const double *weights, const double *beta, int64_t link, int expected,
                     double *score, double *information, const int64_t *codes, double *scores,
                     double *nearest)
{
    int64_t size = sum_size(p);
    double loglik = 0.0, *total = w->total;
    pad(w, p);
    memset(total, 0, (size_t)size * sizeof *total);
    memset(score, 0, (size_t)p * sizeof *score);
    *nearest = 1.0;
    for (int64_t begin = 0; begin < panel->rows; begin += CHUNK) {
        int64_t m = panel->rows - begin < CHUNK ? panel->rows - begin : CHUNK;
        int64_t n = (m + LANES - 1) / LANES * LANES;
        put_range(panel, w, p, cols, weights, begin, m);
        for (int64_t i = 0; i < n; i++)
            if (i >= m || !weights) w->case_weight[i] = i < m;
        predict(w, p, n, beta);
        row_terms(w, n, m, link, expected, panel->response + begin, &loglik, nearest);
        accumulate(w, p, n, 1.0, 1, total);
        for (int64_t j = 0; j < p; j++) score[j] += times(n, w->pull, w->x[j], w->one);
        for (int64_t i = 0; scores && i < m; i++)
            for (int64_t j = 0; j < p; j++)
                scores[codes[begin + i] * p + j] += w->pull[i] * w->x[j][i];
    }
    for (int64_t j = 0; j < p; j++)
        for (int64_t h = 0; h <= j; h++)
            information[j * p + h] = information[h * p + j] = total[1 + p + j * (j + 1) / 2 + h];
    return loglik;
}

/* The log-likelihood of a kind at beta, with its score and information, to climb on. */
static double height(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                     const double *weights, const double *beta, int64_t kind, double *score,
                     double *information)
{
    double nearest;
    if (kind >= LOGIT)
        return binary(panel, w, p, cols, weights, beta, kind, 0, score, information, NULL, NULL,
                      &nearest);
    return evaluate(panel, w, p, cols, weights, beta, kind == EFRON, 1, score, information, NULL);
}

/* Weight of what a job's fit rests on: of the events; of all rows of a binary response, if it has
 * both values. */
static double mass_of(const Panel *panel, const double *weights, int64_t kind)
{
    double mass = 0.0, ones = 0.0;
    for (int64_t e = 0; kind < LOGIT && e < panel->event_ptr[panel->bins]; e++)
        mass += weights ? weights[panel->event_rows[e]] : 1.0;
    for (int64_t i = 0; kind >= LOGIT && i < panel->rows; i++) {
        double weight = weights ? weights[i] : 1.0;
        mass += weight;
        ones += weight * panel->response[i];
    }
    return kind < LOGIT || (ones > 0.0 && ones < mass) ? mass : 0.0;
}
