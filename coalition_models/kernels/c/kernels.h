/* The compiled loops of the Cox kernels: C11, no dependency but libm, no state.
 *
 * Symbols follow Therneau and Grambsch (2000): rows i with covariates x_i (standardised), case
 * weights w_i and risks r_i = exp(x_i'b + offset_i); bins k are the event times of each stratum;
 * R_k is the risk set of bin k and D_k its tied events. Matrices are contiguous, row by row.
 * Every array was checked in Python (types, contiguity, lengths) before it comes here.
 *
 * The same source is compiled once per set of instructions (VARIANT); see dispatch.c.
 */
#ifndef COALITION_KERNELS_H
#define COALITION_KERNELS_H

#include <stdint.h>

/* A sorted panel, as Panel in _panel.py, where each field is described. */
typedef struct {
    int64_t rows;             /* m */
    int64_t stride;           /* doubles from one covariate's line to the next, at least m */
    int64_t bins;             /* K */
    const double *columns;    /* (p, stride) */
    const double *offset;     /* (m,) or NULL */
    const int64_t *single_ptr, *long_ptr; /* (K + 1,) */
    const int64_t *first;     /* (m - single_ptr[K],) */
    const int64_t *leave_ptr, *leave_rows;
    const int64_t *event_ptr, *event_rows;
    const uint8_t *closes;    /* (K,) */
    const double *response;   /* (m,) of 0 and 1 in a binary model, else NULL */
} Panel;

/* Many fits of one panel; see batch.c. */
typedef struct {
    const Panel *panel;
    const double *own;        /* (m,) the panel's own case weights, or NULL */
    const double *factors;    /* (B, width) each job's factor on them, or NULL */
    int64_t width;
    const int64_t *codes;     /* (m,) cluster of each row, or NULL */
    int64_t by_cluster;       /* factors are by cluster, not by row */
    int64_t clusters;         /* G, or 0 */
    int64_t clustered;        /* compute clustered variances */
    int64_t columns;          /* p */
    const uint8_t *masks;     /* (B, p) columns of each job */
    const double *starts;     /* (B, p) */
    const double *shift;      /* (p,) what makes column 0 the intercept of given columns, or NULL */
    int64_t kind;             /* what is maximised; see binary.c */
    int64_t expected;         /* model variances by the expected information */
    int64_t max_iterations;
    double tolerance;
    double *beta, *model, *cluster, *step; /* (B, p) */
    double *loglik, *nearest; /* (B,) the latter the least chance of 0 or 1 of a binary model */
    int64_t *iterations;      /* (B,) */
    uint8_t *aliased, *converged; /* (B, p), (B,) */
} Jobs;

/* What one set of instructions offers, in the order in which _library.py reads it.
 * Functions return 0, or -1 where memory ran out. */
typedef struct {
    int (*locate)(int64_t n, const double *start, const double *stop, const int64_t *codes,
                  const double *times, const int64_t *stratum_ptr, int64_t *first, int64_t *last);
    int (*count_rows)(int64_t n, int64_t bins, const int64_t *first, const int64_t *last,
                      int64_t *counts);
    int (*order_rows)(int64_t n, int64_t bins, const int64_t *first, const int64_t *last,
                      const int64_t *counts, int64_t *order);
    int (*moments)(int64_t n, int64_t p, const double *X, int64_t row_step, int64_t column_step,
                   const int64_t *first, const int64_t *last, double *mean, double *spread);
    int (*gather)(int64_t m, int64_t p, const double *X, int64_t row_step, int64_t column_step,
                  const int64_t *order, const double *centre, const double *factor, double *out);
    int (*derivatives)(const Panel *panel, int64_t p, const int64_t *cols, const double *weights,
                       const double *beta, int64_t efron, int64_t full, double *score,
                       double *information, double *sums, double *loglik);
    int (*climb)(const Panel *panel, int64_t p, const int64_t *cols, const double *weights,
                 int64_t efron, int64_t max_iterations, double tolerance, double *beta,
                 double *score, double *information, double *loglik, double *decrement,
                 int64_t *iterations, int64_t *converged);
    int (*cluster_scores)(const Panel *panel, int64_t p, const int64_t *cols,
                          const double *weights, const double *beta, int64_t efron,
                          const int64_t *codes, int64_t clusters, double *scores);
    int (*fit_some)(const Jobs *jobs, int64_t low, int64_t high);
    int (*mark_aliased)(int64_t p, const double *information, double mass, uint8_t *flags);
    int (*invert)(int64_t p, const double *information, double *out, int64_t *definite);
    int (*subset_starts)(int64_t p, int64_t subsets, const double *information,
                         const double *beta, const uint8_t *masks, double *starts);
    int (*count_pairs)(const Panel *panel, const int64_t *rank, const double *weights,
                       const uint8_t *is_event, const int64_t *leaving,
                       const int64_t *leaving_ptr, int64_t ranks, double *counts);
    int (*exponential)(int64_t n, const double *x, double *out);
    int (*choices)(int64_t size, int64_t groups, int64_t p, const double *X, const double *taken,
                   const double *left, const int64_t *events, double *total, double *mean,
                   double *spread);
} Kernels;

#endif
