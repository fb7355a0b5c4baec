/* Small positive definite matrices, and Newton's method with step halving. */

/* flags (p,): columns that carry nothing beyond those before them; mass is the events' weight.
 * Returns how many are left. left (p, p) is room. */
static int64_t find_aliased(int64_t p, const double *information, double mass, uint8_t *flags,
                            double *left)
{
    int64_t kept = 0;
    memcpy(left, information, (size_t)(p * p) * sizeof *left);
    for (int64_t j = 0; j < p; j++) {
        double own = 1e-11 * information[j * p + j], least = 1e-14 * mass;
        flags[j] = !(left[j * p + j] > (own > least ? own : least));
        if (flags[j]) continue;
        kept++;
        for (int64_t a = j + 1; a < p; a++) {
            double share = left[a * p + j] / left[j * p + j];
            for (int64_t b = j + 1; b <= a; b++) left[a * p + b] -= share * left[b * p + j];
        }
    }
    return kept;
}

static int mark_aliased(int64_t p, const double *information, double mass, uint8_t *flags)
{
    double *left = room(p * p, sizeof *left);
    if (!left) return -1;
    find_aliased(p, information, mass, flags, left);
    free(left);
    return 0;
}

/* out (p, p): inverse of information through its Cholesky root on unit diagonal; 0 where it is
 * singular to working precision. root (p, p) and size (p,) are room. */
static int inverse_of(int64_t p, const double *information, double *out, double *root,
                      double *size)
{
    for (int64_t j = 0; j < p; j++) {
        double own = information[j * p + j];
        if (!(own > 0.0 && own < INFINITY)) return 0;
        size[j] = sqrt(own);
    }
    for (int64_t j = 0; j < p; j++)
        for (int64_t a = j; a < p; a++) {
            double s = information[a * p + j] / (size[a] * size[j]);
            for (int64_t b = 0; b < j; b++) s -= root[a * p + b] * root[j * p + b];
            if (a > j) {
                root[a * p + j] = s / root[j * p + j];
            } else {
                if (!(s > 0.0)) return 0;
                root[j * p + j] = sqrt(s);
            }
        }
    for (int64_t j = 0; j < p; j++) { /* invert the root in place */
        root[j * p + j] = 1.0 / root[j * p + j];
        for (int64_t a = j + 1; a < p; a++) {
            double s = 0.0;
            for (int64_t b = j; b < a; b++) s -= root[a * p + b] * root[b * p + j];
            root[a * p + j] = s / root[a * p + a];
        }
    }
    for (int64_t j = 0; j < p; j++)
        for (int64_t a = 0; a <= j; a++) {
            double s = 0.0;
            for (int64_t b = j; b < p; b++) s += root[b * p + j] * root[b * p + a];
            out[j * p + a] = out[a * p + j] = s / (size[j] * size[a]);
        }
    return 1;
}

static int invert(int64_t p, const double *information, double *out, int64_t *definite)
{
    double *scratch = room(p * p + p, sizeof *scratch);
    if (!scratch) return -1;
    *definite = inverse_of(p, information, out, scratch, scratch + p * p);
    free(scratch);
    return 0;
}

/* starts (B, p): where each subset's maximum lies if the log-likelihood of all columns is a
 * parabola with its top at beta: b_S + I_SS^-1 I_SR b_R, the left-out R held at zero. */
static int subset_starts(int64_t p, int64_t subsets, const double *information,
                         const double *beta, const uint8_t *masks, double *starts)
{
    double *scratch = room(3 * p * p + 2 * p, sizeof *scratch);
    int64_t *inside = room(p, sizeof *inside);
    double *block = scratch, *bread = block + p * p, *root = bread + p * p;
    double *size = root + p * p, *pull = size + p;
    if (!scratch || !inside) {
        free(scratch);
        free(inside);
        return -1;
    }
    for (int64_t b = 0; b < subsets; b++) {
        const uint8_t *mask = masks + b * p;
        int64_t q = 0;
        for (int64_t j = 0; j < p; j++) {
            starts[b * p + j] = 0.0;
            if (mask[j]) inside[q++] = j;
        }
        for (int64_t j = 0; j < q; j++)
            for (int64_t h = 0; h < q; h++)
                block[j * q + h] = information[inside[j] * p + inside[h]];
        if (q == 0 || !inverse_of(q, block, bread, root, size)) continue;
        for (int64_t j = 0; j < q; j++) {
            pull[j] = 0.0;
            for (int64_t r = 0; r < p; r++)
                if (!mask[r]) pull[j] += information[inside[j] * p + r] * beta[r];
        }
        for (int64_t j = 0; j < q; j++) {
            double s = beta[inside[j]];
            for (int64_t h = 0; h < q; h++) s += bread[j * q + h] * pull[h];
            starts[b * p + inside[j]] = s;
        }
    }
    free(scratch);
    free(inside);
    return 0;
}

/* step (p,) = I^-1 u and its length in standard errors, infinite where there is none. */
static double next_step(Work *w, int64_t p, const double *information, const double *score,
                        double *bread, double *step)
{
    double squared = 0.0;
    if (!inverse_of(p, information, bread, w->matrix, w->vector)) return INFINITY;
    for (int64_t j = 0; j < p; j++) {
        double s = 0.0;
        for (int64_t h = 0; h < p; h++) s += bread[j * p + h] * score[h];
        step[j] = s;
        squared += s * score[j];
    }
    return squared > 0.0 ? sqrt(squared) : 0.0 * squared;
}

/* Climb from beta (p,), where score, information and *loglik are known, to the maximum; as
 * newton() in _newton.py. bread (p, p) and step (p,) are the last ones. */
static void ascend(const Panel *panel, Work *w, int64_t p, const int64_t *cols,
                   const double *weights, int64_t kind, int64_t max_iterations,
                   double tolerance, double *beta, double *score, double *information,
                   double *bread, double *step, double *loglik, double *decrement,
                   int64_t *iterations, int64_t *converged)
{
    double before = INFINITY;
    *converged = 0;
    *decrement = next_step(w, p, information, score, bread, step);
    for (*iterations = 1; *iterations <= max_iterations; ++*iterations) {
        double longest_step = 0.0, slack = 1e-13 * (1.0 + fabs(*loglik)), longest, share = 1.0;
        double value = -INFINITY;
        int better = 0;
        if (!(*decrement < INFINITY)) return;
        for (int64_t j = 0; j < p; j++)
            if (fabs(step[j]) > longest_step) longest_step = fabs(step[j]);
        if (longest_step <= 1e-3 && (*decrement <= tolerance ||
                                     (*decrement <= 1e-5 && *decrement > 0.5 * before))) {
            for (int64_t j = 0; j < p; j++) beta[j] += step[j];
            *converged = 1;
            return;
        }
        before = *decrement;
        longest = 2.0 * before > 1e-3 ? 2.0 * before : 1e-3;
        memcpy(w->origin, beta, (size_t)p * sizeof *beta);
        memcpy(w->move, step, (size_t)p * sizeof *step);
        for (int tries = 0; tries < 40 && !better; tries++, share *= 0.5) {
            for (int64_t j = 0; j < p; j++) w->trial[j] = w->origin[j] + share * w->move[j];
            value = height(panel, w, p, cols, weights, w->trial, kind, score, information);
            if (value < INFINITY && value >= *loglik - slack) {
                *decrement = next_step(w, p, information, score, bread, step);
                better = *decrement <= longest;
            }
        }
        if (!better) {
            memcpy(step, w->move, (size_t)p * sizeof *step);
            return;
        }
        *loglik = value;
        memcpy(beta, w->trial, (size_t)p * sizeof *beta);
    }
    *iterations = max_iterations;
}

/* ascend() with room of its own. */
static int climb(const Panel *panel, int64_t p, const int64_t *cols, const double *weights,
                 int64_t efron, int64_t max_iterations, double tolerance, double *beta,
                 double *score, double *information, double *loglik, double *decrement,
                 int64_t *iterations, int64_t *converged)
{
    Work w;
    double *bread = room(p * p + p, sizeof *bread);
    if (!bread || work_open(&w, p)) {
        free(bread);
        return -1;
    }
    ascend(panel, &w, p, cols, weights, efron ? EFRON : BRESLOW, max_iterations, tolerance, beta, score,
           information, bread, bread + p * p, loglik, decrement, iterations, converged);
    work_close(&w);
    free(bread);
    return 0;
}
